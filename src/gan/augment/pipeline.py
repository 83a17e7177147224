"""What ADA's changes share: each befalls an image with some probability."""

from abc import ABC, abstractmethod

from torch import Tensor

from gan.keyed_random import KeyedRandom

__all__ = ["Change", "chosen"]


class Change(ABC):
    """Changes of images, each with some probability for each image."""

    @abstractmethod
    def __call__(self, images: Tensor, rng: KeyedRandom, probability: Tensor) -> Tensor:
        """Return changed images, with shape (B, C, H, W)."""


def chosen(change: Tensor, rng: KeyedRandom, probability: Tensor) -> Tensor:
    """Keep changes, of which zero is none, with shape (B, ...), of the images that they fall to."""
    return change * (rng.uniform(*[1] * (change.dim() - 1)) < probability)
