"""``python -m gan.sample CKPT``: sample images from a checkpoint, as a grid, an array, or a folder of PNGs."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from gan import cli
from gan.checkpoint.sentences import condition_of_text
from gan.checkpoint.texts import text_batches
from gan.checkpoint.trained import TrainedGenerator, load
from gan.data.sequences import SequenceDataModule
from gan.data.vectors import WordVectorModule
from gan.distributed.group import rank_and_world, rank_range
from gan.distributed.session import rank_session
from gan.errors import UserError
from gan.progress import progress_bar
from gan.sample.writing import write_samples
from gan.types import Samples

__all__ = ["main"]


def main() -> None:
    """Parse the command line, sample, and write the images."""
    parser = argparse.ArgumentParser(prog="python -m gan.sample", description="Sample images from a checkpoint.")
    cli.add_checkpoint(parser)
    parser.add_argument(
        "-n", "--num", type=cli.up_to(10_000_000), default=64, help="number of images (default: %(default)s)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        help="a .png for a grid, a .npz for an array (uint8, N x H x W x C), or a folder; a .txt for text "
        "(default: samples.png or samples.txt)",
    )
    parser.add_argument("--seed", type=cli.up_to(2**63 - 1), default=0, help="seed of the noise (default: %(default)s)")
    parser.add_argument("--classes", type=int, nargs="+", help="classes to cycle through (default: all)")
    parser.add_argument("--truncation", type=float, help="truncate the noise at this many standard deviations")
    parser.add_argument("--temperature", type=cli.up_to(1000, float), help="divide the logits of text by this number")
    parser.add_argument(
        "--text", nargs="+", metavar="SENTENCE", help="sentences to cycle through, for images from text"
    )
    parser.add_argument("--prefix", help="text that each sample of text begins with")
    parser.add_argument(
        "--batch-size", type=cli.up_to(2**20), default=256, help="images per forward pass (default: %(default)s)"
    )
    parser.add_argument("--no-ema", action="store_true", help="use the last weights, not their moving average")
    args = parser.parse_args()
    if min(args.num, args.batch_size) < 1:
        raise UserError("--num and --batch-size must be at least 1")
    if args.seed < 0:
        raise UserError("--seed must be at least 0")

    with rank_session() as device:
        generator = load(args.checkpoint, use_ema=not args.no_ema, device=device, trust=args.trust)
        indices = rank_range(args.num)
        batches = _batches(generator, indices, args)
        is_text = isinstance(generator.data, SequenceDataModule | WordVectorModule)
        out = args.out or Path("samples.txt" if is_text else "samples.png")
        samples = progress_bar(batches, len(indices) / args.batch_size, "Samples")
        try:
            write_samples(samples, generator.data, out, indices.start, args.num)
        except OSError as error:
            raise UserError(f"--out {out}: {error}") from error
        if rank_and_world()[0] == 0:
            print(f"Wrote {args.num} {generator.data.noun} to {out}")


def _batches(generator: TrainedGenerator, indices: range, args: argparse.Namespace) -> Iterator[Samples]:
    """Yield samples of images, or of text with its temperature and prefix."""
    if (args.temperature, args.prefix) == (None, None):
        condition = None if args.text is None else condition_of_text(generator, args.text, args.num)
        return generator.batches(indices, args.classes, args.seed, args.truncation, args.batch_size, condition)
    if any(option is not None for option in (args.truncation, args.classes, args.text)):
        raise UserError(
            "--temperature and --prefix are for generators of text; --truncation, --classes and --text are not"
        )
    temperature = 1.0 if args.temperature is None else args.temperature
    return text_batches(generator, indices, args.seed, temperature, args.prefix or "", args.batch_size)


if __name__ == "__main__":
    cli.run(main)
