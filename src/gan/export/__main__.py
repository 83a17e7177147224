"""``python -m gan.export CKPT``: export a trained generator as weights, ONNX, or a ``torch.export`` program."""

import argparse
from pathlib import Path
from typing import get_args

from gan import cli
from gan.checkpoint.trained import TrainedGenerator
from gan.checkpoint.translation import Direction
from gan.errors import UserError
from gan.export import onnx
from gan.export.export import FORMATS, check_formats, export
from gan.extras import install_command, missing_extra

__all__ = ["main"]


def main() -> None:
    """Parse the command line and export the generator."""
    parser = argparse.ArgumentParser(
        prog="python -m gan.export",
        description="Export a trained generator in formats that execute no code when they are loaded.",
    )
    cli.add_checkpoint(parser)
    parser.add_argument("--out", type=Path, default=Path("exported"), help="output folder (default: %(default)s)")
    parser.add_argument(
        "--formats",
        nargs="+",
        choices=FORMATS,
        help=f"safetensors: weights, for gan.load; onnx: for onnxruntime and browsers ({install_command('export')}); "
        "torch: for torch.export.load (default: all that the generator has and the installed packages can write)",
    )
    parser.add_argument("--no-ema", action="store_true", help="use the last weights, not their moving average")
    parser.add_argument(
        "--direction",
        choices=get_args(Direction),
        default="AtoB",
        help="direction of the graphs of a translator: BtoA is back, by a model with both (default: %(default)s)",
    )
    parser.add_argument(
        "--no-noise",
        action="store_true",
        help="leave the noise of a translator, such as dropout masks of one size, out of its graphs",
    )
    args = parser.parse_args()
    if "onnx" in (args.formats or ()) and not onnx.available():
        raise UserError(missing_extra("export", "--formats onnx"))

    generator = TrainedGenerator(args.checkpoint, use_ema=not args.no_ema, device="cpu", trust=args.trust)
    supported = check_formats(generator, args.formats)
    formats = [form for form in supported if form != "onnx" or onnx.available()]
    if args.no_noise or args.direction != "AtoB":
        generator.translator(direction=args.direction)  # which refuses them where they have no meaning
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        for line in export(generator, args.out, formats, args.direction, not args.no_noise):
            print(line, flush=True)
        if formats != supported:
            print(missing_extra("export", "Skipped generator.onnx, which"))
    except OSError as error:
        raise UserError(f"--out {args.out}: {error}") from error


if __name__ == "__main__":
    cli.run(main)
