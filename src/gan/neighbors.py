"""``python -m gan.neighbors RUN``: samples beside the training images that are nearest to them: are they copies?"""

import argparse
from collections.abc import Callable
from pathlib import Path

import torch
from omegaconf import OmegaConf
from torch import Tensor

from gan import cli
from gan.checkpoint import data_of, read, restore
from gan.config import build
from gan.data.base import ImageDataModule
from gan.errors import UserError
from gan.images import gallery, save_png
from gan.metrics.features import FeatureExtractor
from gan.metrics.nearest import nearest
from gan.progress import progress

__all__ = ["closest", "main"]

Space = Callable[[Tensor], Tensor]
BATCH_SIZE = 256
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
        "pixels": lambda images: images.flatten(1).float(),
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


def closest(images: Tensor, data: ImageDataModule, space: Space, k: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Find the training images that are nearest to some images, going through the data set once.

    Args:
        images: As the data set holds its own, with shape (N, C, H, W).
        data: Whose training images.
        space: Maps images to the vectors that distances are measured between.
        k: How many of each.
        device: Where vectors are computed.

    Returns:
        Distances, ascending, with shape (N, k), and the images, with shape (N, k, C, H, W).
    """
    queries, size = space(images.to(device)).cpu(), len(data.split("train"))
    distances = torch.full((len(images), k), torch.inf, dtype=torch.float64)
    places = torch.zeros(len(images), k, dtype=torch.long)
    for number, batch in enumerate(progress(data.batches("train", BATCH_SIZE), size / BATCH_SIZE, "Training images")):
        vectors = space(batch.images.to(device)).cpu()
        near, where = nearest(queries, vectors, min(k, len(vectors)))
        distances, order = torch.cat([distances, near], 1).topk(k, largest=False)
        places = torch.cat([places, where + number * BATCH_SIZE], 1).gather(1, order)
    found = data.split("train").__getitems__(places.flatten().tolist()).images
    return distances, found.unflatten(0, places.shape)


if __name__ == "__main__":
    cli.run(main)
