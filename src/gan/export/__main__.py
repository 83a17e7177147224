"""``python -m gan.export CKPT``: export a trained generator as weights, ONNX, or a ``torch.export`` program."""

import argparse
from pathlib import Path

from gan import cli
from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError
from gan.export import onnx
from gan.export.export import FORMATS, export

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
        help="safetensors: weights, for gan.load; onnx: for onnxruntime and browsers (pip install -e '.[export]'); "
        "torch: for torch.export.load (default: all that the installed packages can write)",
    )
    parser.add_argument("--no-ema", action="store_true", help="use the last weights, not their moving average")
    args = parser.parse_args()
    formats = args.formats or [form for form in FORMATS if form != "onnx" or onnx.available()]
    if "onnx" in formats and not onnx.available():
        raise UserError("--formats onnx needs packages: pip install -e '.[export]'")

    generator = TrainedGenerator(args.checkpoint, use_ema=not args.no_ema, device="cpu", trust=args.trust)
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        for line in export(generator, args.out, formats):
            print(line, flush=True)
        if args.formats is None and "onnx" not in formats:
            print("Skipped generator.onnx, which needs packages: pip install -e '.[export]'")
    except OSError as error:
        raise UserError(f"--out {args.out}: {error}") from error


if __name__ == "__main__":
    cli.run(main)
