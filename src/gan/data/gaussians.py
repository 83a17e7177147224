"""Mixtures of Gaussians in the plane, whose modes can be counted: a ring and a grid.

A point is an image of one pixel with two channels, x and y, divided by a scale.
"""

from collections.abc import Mapping
from math import pi
from typing import Any

import torch
from torch import Tensor

from gan.data.base import ImageDataModule, ImageDataset, Split, TensorImages
from gan.images import scatter

__all__ = ["GaussianMixture", "Grid", "Ring"]

TRAINING_POINTS = 100_000
HELD_OUT_POINTS = 2_500  # as many as are drawn from a generator (Lin et al., 2018, Section 4.1)


class GaussianMixture(ImageDataModule):
    """Isotropic Gaussians of equal weight.

    Args:
        centers: Of the Gaussians, with shape (K, 2).
        std: Their standard deviation.
        scale: What x and y are divided by before a model sees them.
        **settings: As ImageDataModule takes them.

    Raises:
        ValueError: If the deviation or the scale are not positive, or the shape is not that of points.
    """

    pixels = False

    def __init__(self, centers: Tensor, std: float, scale: float, **settings: Any) -> None:
        super().__init__(**settings)
        if std <= 0 or scale <= 0:
            raise ValueError(f"std and scale must be positive, not {std} and {scale}")
        if self.image_shape != (2, 1, 1):
            raise ValueError("points have channels=2 and image_size=1")
        if self.num_classes != len(centers):
            raise ValueError(f"num_classes={self.num_classes}, but there are {len(centers)} modes")
        self.centers, self.std, self.scale = centers, std, scale

    def load(self, split: Split) -> ImageDataset:
        size = TRAINING_POINTS if split == "train" else HELD_OUT_POINTS
        generator = torch.Generator().manual_seed(int(split == "test"))
        modes = torch.randint(len(self.centers), (size,), generator=generator)
        points = self.centers[modes] + self.std * torch.randn(size, 2, generator=generator)
        return TensorImages((points / self.scale)[:, :, None, None], modes)

    def points(self, images: Tensor) -> Tensor:
        """Return the points that images, with shape (N, 2, 1, 1), stand for, with shape (N, 2)."""
        return images.flatten(1) * self.scale

    def discretize(self, images: Tensor) -> Tensor:
        return images

    def noise(self, num: int, generator: torch.Generator) -> Tensor:
        """Draw points evenly from the square that holds the centers."""
        return (2 * torch.rand(num, 2, 1, 1, generator=generator) - 1) * self.centers.abs().max() / self.scale

    def picture(self, images: Tensor) -> Tensor:
        """Draw samples over real points."""
        return self.picture_of({"generated": images})

    def picture_of(self, groups: Mapping[str, Tensor]) -> Tensor:
        """Draw groups of samples over real points, each in a colour of its own."""
        real = self.split("test").__getitems__(list(range(HELD_OUT_POINTS))).images
        reach = 1.25 * float(self.centers.abs().max())
        sets = {"real": real, **groups}
        return scatter({name: self.points(images.cpu()) for name, images in sets.items()}, reach)


class Ring(GaussianMixture):
    """Gaussians evenly on a circle.

    Args:
        modes: Their number.
        radius: Of the circle.
        std: Their standard deviation.
        scale: What x and y are divided by before a model sees them.
        **settings: As ImageDataModule takes them.
    """

    def __init__(
        self, modes: int = 8, radius: float = 1.0, std: float = 0.01, scale: float = 1.0, **settings: Any
    ) -> None:
        angles = 2 * pi * torch.arange(modes) / modes
        super().__init__(radius * torch.stack([angles.cos(), angles.sin()], 1), std, scale, **settings)


class Grid(GaussianMixture):
    """Gaussians on a square grid around the origin.

    Args:
        side: Their number in a row.
        spacing: Between neighbours.
        std: Their standard deviation.
        scale: What x and y are divided by before a model sees them.
        **settings: As ImageDataModule takes them.
    """

    def __init__(
        self, side: int = 5, spacing: float = 2.0, std: float = 0.05, scale: float = 1.0, **settings: Any
    ) -> None:
        indices = spacing * (torch.arange(side) - (side - 1) / 2)
        super().__init__(torch.cartesian_prod(indices, indices), std, scale, **settings)
