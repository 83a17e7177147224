"""Changes of images that ADA applies with some probability."""

from abc import ABC, abstractmethod

from torch import Tensor

from gan.keyed_random import KeyedRandom

__all__ = ["Change", "zero_unless_applied"]


class Change(ABC):
    """A random change, applied to each image with some probability."""

    @abstractmethod
    def __call__(self, images: Tensor, rng: KeyedRandom, probability: Tensor) -> Tensor:
        """Return changed images, with shape (B, C, H, W)."""


def zero_unless_applied(parameters: Tensor, rng: KeyedRandom, probability: Tensor) -> Tensor:
    """Keep the parameters of a change for images drawn with a probability, and zero them for the others.

    Args:
        parameters: Parameters of the change, with shape (B, ...); zero means no change.
        rng: Random numbers.
        probability: A scalar.
    """
    return parameters * (rng.uniform(*[1] * (parameters.dim() - 1)) < probability)
