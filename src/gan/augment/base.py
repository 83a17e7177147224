"""What an augmentation is: random changes of images, real and fake alike, on their way to the discriminator."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from gan.keyed_random import KeyedRandom
from gan.types import Terms

__all__ = ["Augment"]


class Augment(nn.Module, ABC):
    """Random changes that both players' steps go through, and G's gradient too (Zhao et al., 2020, Section 3).

    Changes are linear or affine in the images once they are drawn, so that they can be differentiated as often as is
    wanted; they are computed in float32 whatever the precision of the rest.

    Args:
        image_size: Height and width of the images, in pixels.

    Raises:
        ValueError: If the images are points.
    """

    def __init__(self, image_size: int) -> None:
        super().__init__()
        if image_size < 2:
            raise ValueError(
                "images of one pixel are points, which no colours and no indices augment: use augment=none"
            )

    def forward(self, images: Tensor, rng: KeyedRandom) -> Tensor:
        """Change images, with shape (B, C, H, W), each by its own row of the random numbers."""
        with torch.autocast(images.device.type, enabled=False):
            return self.change(images.float(), rng)

    @abstractmethod
    def change(self, images: Tensor, rng: KeyedRandom) -> Tensor:
        """Return changed images, with shape (B, C, H, W); the same numbers are drawn whatever is switched off."""

    def observe(self, accuracy: Tensor, step: int, images: int) -> Terms:
        """Learn how one discriminator step went, for augmentations that adapt; this one does not.

        Args:
            accuracy: Share of this rank's real images that the discriminator called real, a scalar.
            step: The step's number, from 1.
            images: Real images of the step, on all ranks together.

        Returns:
            What is logged of it, by name.
        """
        return {}
