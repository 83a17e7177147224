"""Samples moved along directions in latent space."""

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
    """Draw samples along the directions that change them most: ``<method>-<n>.png``, with one row per sample.

    Args:
        generator: The generator.
        methods: Methods that find the directions.
        num: Directions per method.
        samples: Number of samples.
        steps: Images per row.
        reach: Distance from the sample to either end of its row.
        classes: Classes to cycle through; None for all.
        seed: Seed of the samples.
        out: Folder to write to.

    Raises:
        UserError: If a number is out of range, or a class does not exist.
    """
    if samples < 1 or not reach > 0 or out.suffix:
        raise UserError("--samples must be at least 1, --reach above 0, and --out a folder without a suffix")
    cycle = generator.classes(classes) or range(generator.num_classes)
    labels = torch.tensor([cycle[index % len(cycle)] for index in range(samples)])
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
    """Generate images along a direction from each latent vector.

    Args:
        generator: The generator.
        z: Latent vectors, with shape (N, latent_dim).
        labels: Classes, with shape (N,).
        direction: Unit vector, with shape (latent_dim,).
        steps: Images per latent vector; the middle one of an odd number is the sample itself.
        reach: Distance from the latent vector to either end.

    Returns:
        Images in [-1, 1], with shape (N * steps, C, H, W), grouped by latent vector.
    """
    offsets = torch.linspace(-reach, reach, steps) if steps > 1 else torch.zeros(1)
    moved = z[:, None] + offsets.to(z)[:, None] * direction.to(z)
    parts = zip(moved.flatten(0, 1).split(256), labels.repeat_interleave(steps).split(256), strict=True)
    return torch.cat([generator(part, part_labels) for part, part_labels in parts])
