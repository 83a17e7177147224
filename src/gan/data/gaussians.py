"""2-D Gaussian mixtures with countable modes: a ring and a grid.

A point is represented as an image of one pixel with two channels, x and y, divided by a scale.
"""

from collections.abc import Mapping
from math import pi
from typing import Annotated, Any

import torch
from annotated_types import Ge, Le
from torch import Tensor

from gan.bounds import Classes, Positive
from gan.data.base import ImageDataModule, ImageDataset, Split, TensorImages
from gan.images import scatter

__all__ = ["GaussianMixture", "Grid", "Ring"]

TRAINING_POINTS = 100_000
HELD_OUT_POINTS = 2_500  # number of generated samples that are scored (Lin et al., 2018, Section 4.1)


class GaussianMixture(ImageDataModule):
    """Mixture of isotropic 2-D Gaussians with equal weights.

    Args:
        centers: Means of the Gaussians, with shape (K, 2).
        std: Standard deviation of each Gaussian.
        scale: Divisor of x and y that brings them to about [-1, 1] for the model.
        **settings: Arguments of ImageDataModule.

    Raises:
        ValueError: If the image shape is not that of points, or there is another number of classes.
    """

    noun = "points"
    pixels = False

    def __init__(self, centers: Tensor, std: Positive, scale: Positive, **settings: Any) -> None:
        super().__init__(**settings)
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
        """Convert images, with shape (N, 2, 1, 1), to points, with shape (N, 2)."""
        return images.flatten(1) * self.scale

    def discretize(self, images: Tensor) -> Tensor:
        return images

    def noise(self, num: int, generator: torch.Generator) -> Tensor:
        """Draw points uniformly from the square that contains the modes' centres."""
        return (2 * torch.rand(num, 2, 1, 1, generator=generator) - 1) * self.centers.abs().max() / self.scale

    def picture(self, images: Tensor) -> Tensor:
        """Plot samples over real points."""
        return self.picture_of({"generated": images})

    def picture_of(self, groups: Mapping[str, Tensor]) -> Tensor:
        """Plot groups of samples over real points, one colour per group."""
        real = self.split("test").__getitems__(list(range(HELD_OUT_POINTS))).real
        limit = 1.25 * float(self.centers.abs().max())
        sets = {"real": real, **groups}
        return scatter({name: self.points(images.cpu()) for name, images in sets.items()}, limit)


class Ring(GaussianMixture):
    """Gaussians evenly spaced on a circle.

    Args:
        modes: Number of Gaussians.
        radius: Radius of the circle.
        std: Standard deviation of each Gaussian.
        scale: Divisor of x and y.
        **settings: Arguments of ImageDataModule.
    """

    def __init__(
        self, modes: Classes = 8, radius: float = 1.0, std: Positive = 0.01, scale: Positive = 1.0, **settings: Any
    ) -> None:
        angles = 2 * pi * torch.arange(modes) / modes
        super().__init__(radius * torch.stack([angles.cos(), angles.sin()], 1), std, scale, **settings)


class Grid(GaussianMixture):
    """Gaussians on a square grid around the origin.

    Args:
        side: Number of Gaussians per row and column.
        spacing: Distance between neighbours.
        std: Standard deviation of each Gaussian.
        scale: Divisor of x and y.
        **settings: Arguments of ImageDataModule.
    """

    def __init__(
        self,
        side: Annotated[int, Ge(1), Le(1000)] = 5,
        spacing: float = 2.0,
        std: Positive = 0.05,
        scale: Positive = 1.0,
        **settings: Any,
    ) -> None:
        coordinates = spacing * (torch.arange(side) - (side - 1) / 2)
        super().__init__(torch.cartesian_prod(coordinates, coordinates), std, scale, **settings)
