"""``python -m gan.sample CKPT``: sample images from a checkpoint, as a grid, an array, or a folder of PNGs."""

import argparse
from pathlib import Path

from gan import cli
from gan.checkpoint.trained import load
from gan.distributed.group import rank_and_world, rank_range
from gan.distributed.session import rank_session
from gan.errors import UserError
from gan.progress import progress_bar
from gan.sample.writing import write_samples

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
        default=Path("samples.png"),
        help="a .png for a grid, a .npz for an array (uint8, N x H x W x C), or a folder (default: %(default)s)",
    )
    parser.add_argument("--seed", type=cli.up_to(2**63 - 1), default=0, help="seed of the noise (default: %(default)s)")
    parser.add_argument("--classes", type=int, nargs="+", help="classes to cycle through (default: all)")
    parser.add_argument("--truncation", type=float, help="truncate the noise at this many standard deviations")
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
        batches = generator.batches(indices, args.classes, args.seed, args.truncation, args.batch_size)
        samples = progress_bar(batches, len(indices) / args.batch_size, "Samples")
        try:
            write_samples(samples, generator.data, args.out, indices.start, args.num)
        except OSError as error:
            raise UserError(f"--out {args.out}: {error}") from error
        if rank_and_world()[0] == 0:
            print(f"Wrote {args.num} images to {args.out}")


if __name__ == "__main__":
    cli.run(main)
