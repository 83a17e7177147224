"""``python -m gan.translate RUN IMAGES...``, ``--words WORDS...`` or ``--text FILE``: translation by a generator."""

import argparse
import sys
from pathlib import Path
from typing import get_args

import torch

from gan import cli
from gan.checkpoint.trained import load
from gan.checkpoint.translation import Direction
from gan.distributed.group import rank_and_world, rank_range, sum_over_ranks
from gan.distributed.session import rank_session
from gan.errors import UserError
from gan.progress import progress_bar
from gan.translate.files import find_jobs
from gan.translate.lines import translate_text
from gan.translate.running import translate_files
from gan.translate.words import print_translations

__all__ = ["main"]


def main() -> None:
    """Parse the command line, translate, and write the images."""
    parser = argparse.ArgumentParser(
        prog="python -m gan.translate",
        description="Translate images, each to a PNG, words, or lines of text by a trained generator.",
    )
    cli.add_checkpoint(parser)
    parser.add_argument("images", type=Path, nargs="*", help="image files, and folders of them at any depth")
    parser.add_argument("--words", nargs="+", help="words to translate, by a map of word vectors, in place of images")
    parser.add_argument("--text", type=Path, help="file of lines to translate, by a translator of sentences")
    parser.add_argument(
        "--num",
        type=cli.up_to(1000),
        default=5,
        help="translations of each word, the likeliest ones (default: %(default)s)",
    )
    parser.add_argument(
        "--refinements",
        type=cli.up_to(1000),
        default=20,
        help="refinements of a map of word vectors in closed form (default: %(default)s)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        help="folder of the translations (default: translated), or file of lines (default: print them)",
    )
    parser.add_argument(
        "--direction",
        choices=get_args(Direction),
        default="AtoB",
        help="BtoA translates back, by a model with both directions (default: %(default)s)",
    )
    parser.add_argument(
        "--mask",
        type=Path,
        help="hole to fill, white in an image of the same size, or a folder of masks that have the names of the images "
        "(default: the transparent pixels)",
    )
    parser.add_argument(
        "--tile",
        type=cli.up_to(2**16),
        help="height and width of tiles, for large images, rounded up to what the network takes "
        "(default: whole images)",
    )
    parser.add_argument(
        "--overlap", type=cli.up_to(2**15), help="pixels in which tiles fade into each other (default: tile / 4)"
    )
    parser.add_argument(
        "--batch-size",
        type=cli.up_to(2**20),
        default=16,
        help="images or lines per forward pass (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=cli.up_to(2**63 - 1), default=0, help="seed of noise such as dropout (default: %(default)s)"
    )
    parser.add_argument(
        "--no-noise", action="store_true", help="translate without noise such as dropout, if the model has it"
    )
    parser.add_argument("--no-ema", action="store_true", help="use the last weights, not their moving average")
    args = parser.parse_args()
    if [bool(args.images), bool(args.words), args.text is not None].count(True) != 1:
        raise UserError("name either images or, after --words, words to translate, or a file of lines after --text")
    if args.words:
        print_translations(args)
        return
    if args.text is not None:
        translate_text(args)
        return
    if args.batch_size < 1:
        raise UserError("--batch-size must be at least 1")
    out: Path = args.out or Path("translated")
    if out.exists() and not out.is_dir():
        raise UserError(f"--out {out} is a file: name a folder")

    with rank_session() as device:
        generator = load(args.checkpoint, use_ema=not args.no_ema, device=device, trust=args.trust)
        translator = generator.translator(
            direction=args.direction, seed=args.seed, tile=args.tile, overlap=args.overlap, noise=not args.no_noise
        )
        jobs = find_jobs(args.images, args.mask, out)
        own = [jobs[index] for index in rank_range(len(jobs))]
        outcomes = progress_bar(translate_files(translator, own, args.batch_size), len(own), "Images")
        errors = [outcome.error for outcome in outcomes if outcome.error is not None]
        for error in errors:
            print(f"Failed   {error}", file=sys.stderr)
        failed = int(sum_over_ranks(torch.tensor(len(errors), device=device)))
        if rank_and_world()[0] == 0:
            if written := len(jobs) - failed:
                print(f"Wrote {written} image{'s' * (written > 1)} to {out}")
            if failed:
                raise UserError(f"{failed} of {len(jobs)} images could not be translated")


if __name__ == "__main__":
    cli.run(main)
