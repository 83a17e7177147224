"""``python -m gan.sample CKPT``: images from a checkpoint, as a grid, a folder of PNGs, or an array."""

import argparse
import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gan import cli
from gan.checkpoint.trained import load
from gan.data.base import ImageDataModule
from gan.distributed.environment import rank_info
from gan.distributed.group import barrier, gather_rows, process_group, propagate_errors, rank_and_world, rank_range
from gan.errors import UserError
from gan.host import set_threads
from gan.images import save_png
from gan.progress import progress_bar

__all__ = ["main"]


def main() -> None:
    """Sample as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m gan.sample", description="Sample images from a checkpoint.")
    parser.add_argument("checkpoint", help="a checkpoint, or a run's folder, which stands for its best")
    parser.add_argument("-n", "--num", type=int, default=64, help="how many images (default: %(default)s)")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("samples.png"),
        help="a .png for one picture, a .npz for an array (N x H x W x C, uint8), or a folder (default: %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=0, help="what the noise follows from (default: %(default)s)")
    parser.add_argument("--classes", type=int, nargs="+", help="of the images, in turn (default: all)")
    parser.add_argument("--truncation", type=float, help="keep the noise within so many standard deviations")
    parser.add_argument("--batch-size", type=int, default=256, help="images at a time (default: %(default)s)")
    parser.add_argument("--no-ema", action="store_true", help="the generator's last weights, not their average")
    args = parser.parse_args()
    if min(args.num, args.batch_size) < 1:
        raise UserError("--num and --batch-size must be at least 1")
    if args.seed < 0:
        raise UserError("--seed must be at least 0")

    here = rank_info()
    set_threads(here.local_world, here.world)
    device = torch.device("cuda", here.local_rank) if torch.cuda.is_available() else torch.device("cpu")
    with process_group(device), propagate_errors():
        generator = load(args.checkpoint, use_ema=not args.no_ema, device=device)
        mine = rank_range(args.num)
        batches = generator.batches(mine, args.classes, args.seed, args.truncation, args.batch_size)
        images = (batch.images.cpu() for batch in progress_bar(batches, len(mine) / args.batch_size, "Samples"))
        try:
            write(images, generator.data, args.out, mine.start, args.num)
        except OSError as error:
            raise UserError(f"--out {args.out}: {error}") from error
        if rank_and_world()[0] == 0:
            print(f"Wrote {args.num} images to {args.out}")


def write(batches: Iterable[Tensor], data: ImageDataModule, out: Path, start: int, num: int) -> None:
    """Write samples in the form that the path's ending asks for, together with what other ranks have.

    Args:
        batches: This rank's samples, in [-1, 1] with shape (N, C, H, W) each.
        data: What they are like.
        out: A ``.png``, a ``.npz``, or a folder.
        start: The first one's number among all.
        num: How many all ranks have.

    Raises:
        UserError: If the path has another ending.
    """
    first = rank_and_world()[0] == 0
    if out.suffix == ".png":
        images = gather_rows(list(batches))
        if first:
            save_png(data.picture(images), out)
    elif out.suffix == ".npz":
        images = gather_rows([data.discretize(images) for images in batches])
        if first:
            out.parent.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(out, images=images.permute(0, 2, 3, 1).numpy())
    elif out.suffix:
        raise UserError(f"--out {out}: end it in .png or .npz, or name a folder without an ending")
    elif data.channels not in (1, 3):
        raise UserError(f"--out {out}: images of {data.channels} channels have no files; end it in .png or .npz")
    else:
        digits = math.ceil(math.log10(max(num, 2)))
        one_by_one = (image for images in batches for image in data.discretize(images))
        for number, image in enumerate(one_by_one, start):
            save_png(image, out / f"{number:0{digits}d}.png")
        barrier()


if __name__ == "__main__":
    cli.run(main)
