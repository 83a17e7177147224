"""Samples of several generators beside held-out images, with the sharpness of each set."""

from collections.abc import Sequence
from math import isqrt
from pathlib import Path

import torch
from torch import Tensor

from gan.checkpoint.trained import TrainedGenerator, load
from gan.data.order import evenly_spaced
from gan.errors import UserError
from gan.images import gallery, save_png
from gan.metrics.sharpness import laplacian_variance

__all__ = ["compare"]

MAX_IMAGES = 1000  # images per set for the sharpness


def compare(generator: TrainedGenerator, others: Sequence[str], num: int, seed: int, out: Path) -> None:
    """Draw a square grid of held-out images and of each generator's samples, with their sharpness.

    Sharpness is the mean Laplacian variance relative to the held-out images; ``metric=sharpness`` is relative to the
    training split.

    Args:
        generator: The first generator, with the data for the held-out images.
        others: Paths of the other generators.
        num: Images per grid, rounded down to a square number.
        seed: Seed of the samples.
        out: PNG file to write.

    Raises:
        UserError: If the generators make images of different shapes.
    """
    data, side = generator.data, max(1, isqrt(num))
    held_out = next(data.batches("test", MAX_IMAGES, evenly_spaced(len(data.split("test")), MAX_IMAGES))).real
    sets = {"held-out images": held_out}
    for each in [generator, *(load(path, trust=generator.trust) for path in others)]:
        images = data.discretize(each.sample(max(MAX_IMAGES, side**2), seed=seed)).cpu()
        if images.shape[1:] != held_out.shape[1:]:
            raise UserError(f"{each.path} makes images of another shape than {generator.path}")
        name = str(each.config["name"])
        sets[name if name not in sets else f"{name} ({each.path})"] = images
    held_out_variance = mean_laplacian_variance(held_out)
    grids = {}
    for name, images in sets.items():
        sharpness = mean_laplacian_variance(images[:MAX_IMAGES]) / held_out_variance
        print(f"{name:<24} sharpness {sharpness:.3f}")
        drawn = torch.linspace(0, len(images) - 1, side**2).round().long()  # of all classes
        grids[f"{name}: sharpness {sharpness:.2f}"] = images[drawn].unflatten(0, (side, side))
    save_png(gallery(grids), out)
    print(f"Wrote {out}")


def mean_laplacian_variance(images: Tensor) -> float:
    """Return the mean variance of the images' Laplacians."""
    return float(laplacian_variance(images).cpu().double().mean())
