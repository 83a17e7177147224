"""``python -m gan.neighbors RUN``: samples beside the training images that are nearest to them: are they copies?"""

import argparse
from pathlib import Path

import torch
from omegaconf import OmegaConf

from gan import cli
from gan.checkpoint import data_of, read, restore
from gan.config import build
from gan.errors import UserError
from gan.images import gallery, save_png
from gan.metrics.features import FeatureExtractor
from gan.metrics.neighbors import Space, closest, in_pixels

__all__ = ["main"]

HELD_OUT = 512  # at most so many held-out images say what distance is usual


def main() -> None:
    """Draw the figure that the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m gan.neighbors",
        description="Show samples beside their nearest training images, in pixels and in the run's own features.",
    )
    parser.add_argument("checkpoint", help="a checkpoint, or a run's folder, which stands for its best")
    parser.add_argument("--num", type=int, default=8, help="how many samples (default: %(default)s)")
    parser.add_argument("--k", type=int, default=4, help="how many neighbours of each (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="what the noise follows from (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=Path("neighbors.png"), help="a .png (default: %(default)s)")
    args = parser.parse_args()
    if min(args.num, args.k) < 1 or args.seed < 0:
        raise UserError("--num and --k must be at least 1, --seed at least 0")
    if args.out.suffix != ".png":
        raise UserError(f"--out {args.out}: end it in .png")

    checkpoint = read(args.checkpoint)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model, data = restore(checkpoint, args.checkpoint).to(device), data_of(checkpoint)
    features: FeatureExtractor = build(OmegaConf.create(checkpoint["config"]).metric.features)
    features.prepare(data)
    features.to(device).eval()
    spaces: dict[str, Space] = {
        "pixels": in_pixels,
        features.name: lambda images: features(images).vectors,
    }
    if data.channels not in (1, 3):
        raise UserError(f"{type(data).__name__} is of points: there are no images to show")
    fakes = data.discretize(model.sample(args.num, args.seed)).cpu()
    size = len(data.split("test"))
    held_out = next(data.batches("test", size, range(0, size, -(-size // HELD_OUT)))).images  # of all classes

    groups = {"sample": fakes[:, None]}
    for name, space in spaces.items():
        distances, groups[f"nearest in {name}"] = closest(fakes, data, space, args.k, device)
        near, usual = distances[:, 0].mean(), closest(held_out, data, space, 1, device)[0].mean()
        print(f"{name:<12} nearest training image at {near:.4g} on average; held-out images have theirs at {usual:.4g}")
    save_png(gallery(groups), args.out)
    print(f"Wrote {args.out}")


if __name__ == "__main__":
    cli.run(main)
