"""Base class of augmentations: random changes of the real and fake images that the discriminator sees."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from gan.bounds import Pixels
from gan.keyed_random import KeyedRandom
from gan.types import Terms

__all__ = ["Augment"]


class Augment(nn.Module, ABC):
    """Random differentiable changes of images, in the updates of both players (Zhao et al., 2020, Section 3).

    Given the random numbers, a change is linear or affine in the images, so it has derivatives of all orders. It is
    computed in float32 at every precision.

    Args:
        image_size: Height and width of the images, in pixels.

    Raises:
        ValueError: If the images have a single pixel.
    """

    def __init__(self, image_size: Pixels) -> None:
        super().__init__()
        if image_size < 2:
            raise ValueError(
                "images of one pixel are 2-D points, which have no colours or shapes to augment: use augment=none"
            )

    def forward(self, images: Tensor, rng: KeyedRandom) -> Tensor:
        """Change images, with shape (B, C, H, W), each by its own row of random numbers."""
        with torch.autocast(images.device.type, enabled=False):
            return self.change(images.float(), rng)

    @abstractmethod
    def change(self, images: Tensor, rng: KeyedRandom) -> Tensor:
        """Return changed images, with shape (B, C, H, W); disabled changes draw their random numbers too."""

    def observe(self, accuracy: Tensor, step: int, images: int) -> Terms:
        """Update the state of an adaptive augmentation after a discriminator step; the default has none.

        Args:
            accuracy: Fraction of this rank's real images that the discriminator classified as real, a scalar.
            step: Number of the step, from 1.
            images: Real images in the step, on all ranks together.

        Returns:
            Named measures to log.
        """
        return {}
