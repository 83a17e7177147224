"""``python -m gan.sample CKPT``: images from a checkpoint, as a grid, a folder of PNGs, or an array."""

import argparse
import math
from pathlib import Path

import numpy as np
import torch

from gan import cli
from gan.checkpoint import data_of, read, restore
from gan.data.base import ImageDataModule
from gan.errors import UserError
from gan.images import save_png

__all__ = ["main"]


def main() -> None:
    """Sample as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m gan.sample", description="Sample images from a checkpoint.")
    parser.add_argument("checkpoint", help="a checkpoint, or a run's folder, which stands for its best")
    parser.add_argument("--num", type=int, default=64, help="how many images (default: %(default)s)")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("samples.png"),
        help="a .png for one picture, a .npz for an array (N x H x W x C, uint8), or a folder (default: %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=0, help="what the noise follows from (default: %(default)s)")
    parser.add_argument("--batch-size", type=int, default=256, help="images at a time (default: %(default)s)")
    parser.add_argument("--no-ema", action="store_true", help="the generator's last weights, not their average")
    args = parser.parse_args()
    if min(args.num, args.batch_size) < 1:
        raise UserError("--num and --batch-size must be at least 1")
    if args.seed < 0:
        raise UserError("--seed must be at least 0")

    checkpoint = read(args.checkpoint)
    model = restore(checkpoint, args.checkpoint).to("cuda" if torch.cuda.is_available() else "cpu")
    images = model.sample(args.num, args.seed, args.batch_size, average=not args.no_ema).cpu()
    write(images, data_of(checkpoint), args.out)
    print(f"Wrote {args.num} images to {args.out}")


def write(images: torch.Tensor, data: ImageDataModule, out: Path) -> None:
    """Write samples of a data set, with shape (N, C, H, W) in [-1, 1], in the form that the path's ending asks for.

    Raises:
        UserError: If the path has another ending, or cannot be written to.
    """
    try:
        if out.suffix == ".png":
            save_png(data.picture(images), out)
        elif out.suffix == ".npz":
            out.parent.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(out, images=data.discretize(images).permute(0, 2, 3, 1).numpy())
        elif out.suffix:
            raise UserError(f"--out {out}: end it in .png or .npz, or name a folder without an ending")
        elif images.shape[1] not in (1, 3):
            raise UserError(f"--out {out}: images of {images.shape[1]} channels have no files; end it in .png or .npz")
        else:
            digits = math.ceil(math.log10(max(len(images), 2)))
            for number, image in enumerate(data.discretize(images)):
                save_png(image, out / f"{number:0{digits}d}.png")
    except OSError as error:
        raise UserError(f"--out {out}: {error}") from error


if __name__ == "__main__":
    cli.run(main)
