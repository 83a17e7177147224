"""Samples swept along the directions of latent space that change images most."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torchvision.utils import make_grid

from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError
from gan.images import save_png
from gan.latent.directions import Method, find_directions

__all__ = ["directions", "sweep"]


def directions(
    generator: TrainedGenerator,
    methods: Sequence[Method],
    num: int,
    samples: int,
    steps: int,
    reach: float,
    classes: Sequence[int] | None,
    seed: int,
    out: Path,
) -> None:
    """Write ``<method>-<n>.png`` for each direction: a row a sample, from ``-reach`` to ``reach`` along it.

    Raises:
        UserError: If a number or a class does not exist.
    """
    if samples < 1 or not reach > 0 or out.suffix:
        raise UserError("--samples must be at least 1, --reach above 0, and --out a folder, without an ending")
    wanted = generator.classes(classes) or range(generator.num_classes)
    labels = torch.tensor([wanted[place % len(wanted)] for place in range(samples)])
    z = generator.latents(samples, seed)
    for method in methods:
        for number, direction in enumerate(find_directions(generator, method, num), start=1):
            images = generator.data.discretize(sweep(generator, z, labels, direction, steps, reach)).cpu()
            path = out / f"{method}-{number}.png"
            save_png(make_grid(images, nrow=steps, pad_value=255), path)
            print(f"Wrote {path}")


@torch.no_grad()
def sweep(
    generator: TrainedGenerator, z: Tensor, labels: Tensor, direction: Tensor, steps: int, reach: float
) -> Tensor:
    """Move noise along a direction.

    Args:
        generator: Whose images.
        z: With shape (N, latent_dim).
        labels: Classes, with shape (N,).
        direction: A unit vector, with shape (latent_dim,).
        steps: Images of each sample; the middle one of an odd number is the sample itself.
        reach: How far to go each way.

    Returns:
        Images in [-1, 1], with shape (N * steps, C, H, W), those of a sample one after the other.
    """
    offsets = torch.linspace(-reach, reach, steps) if steps > 1 else torch.zeros(1)
    moved = z[:, None] + offsets.to(z)[:, None] * direction.to(z)
    parts = zip(moved.flatten(0, 1).split(256), labels.repeat_interleave(steps).split(256), strict=True)
    return torch.cat([generator(part, classes) for part, classes in parts])
