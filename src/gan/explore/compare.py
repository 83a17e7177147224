"""Samples of several generators side by side, beside held-out images, and how sharp each set is."""

from collections.abc import Sequence
from math import isqrt
from pathlib import Path

import torch
from torch import Tensor

from gan.checkpoint.trained import TrainedGenerator, load
from gan.errors import UserError
from gan.images import gallery, save_png
from gan.metrics.sharpness import laplacian_variance

__all__ = ["compare"]

MEASURED = 1000  # images at most that a set's sharpness is of


def compare(generator: TrainedGenerator, others: Sequence[str], num: int, seed: int, out: Path) -> None:
    """Draw a square of each generator's samples and one of held-out images, each with its sharpness.

    Sharpness is the mean variance of images' Laplacians over that of the held-out ones (see ``metric=sharpness``, whose
    measure is the training split).

    Raises:
        UserError: If two generators make images of other shapes.
    """
    data, side = generator.data, max(1, isqrt(num))
    size = len(data.split("test"))
    held_out = next(data.batches("test", MEASURED, range(0, size, -(-size // MEASURED)))).images
    sets = {"held-out images": held_out}
    for one in [generator, *(load(path) for path in others)]:
        images = data.discretize(one.sample(max(MEASURED, side**2), seed=seed)).cpu()
        if images.shape[1:] != held_out.shape[1:]:
            raise UserError(f"{one.path} makes images of another shape than {generator.path}")
        name = str(one.config["name"])
        sets[name if name not in sets else f"{name} ({one.path})"] = images
    usual = mean_sharpness(held_out)
    titled = {}
    for name, images in sets.items():
        sharpness = mean_sharpness(images[:MEASURED]) / usual
        print(f"{name:<24} sharpness {sharpness:.3f}")
        shown = images[torch.linspace(0, len(images) - 1, side**2).round().long()]  # of all classes
        titled[f"{name}: sharpness {sharpness:.2f}"] = shown.unflatten(0, (side, side))
    save_png(gallery(titled), out)
    print(f"Wrote {out}")


def mean_sharpness(images: Tensor) -> float:
    return float(laplacian_variance(images).double().mean())
