"""Base class of degradations."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

from PIL import Image
from torch import Tensor

from gan.data.image_tensor import source_tensor
from gan.keyed_random import KeyedRandom

__all__ = ["ConditionBaseline", "Degradation"]

ConditionBaseline = Callable[[Tensor], Tensor]


class Degradation(ABC):
    """Map from an image to a condition, from which a model restores the image.

    Images are float32 in [-1, 1], with shape (B, C, H, W).

    Attributes:
        compare_with_mean: Whether the mean training image is a trivial restoration worth beating.
    """

    compare_with_mean: ClassVar[bool] = False

    @abstractmethod
    def condition(self, images: Tensor, rng: KeyedRandom) -> Tensor:
        """Return the condition of each image, with shape (B, C', H', W').

        Args:
            images: Whole images.
            rng: Random numbers, one row per image.
        """

    @abstractmethod
    def condition_of_image(self, image: Image.Image, mask: Image.Image | None, background: str) -> Tensor:
        """Return a user's image as a condition, float32 with shape (C', H', W'); see ImageDataModule."""

    def target(self, images: Tensor) -> Tensor:
        """Return what is generated from the condition: by default, the images."""
        return images

    def join(self, condition: Tensor, generated: Tensor) -> Tensor:
        """Return the images that a condition and what is generated from it make: by default, the latter."""
        return generated

    def complete_condition(self, condition: Tensor) -> Tensor:
        """Return a condition in the form in which it is scored; by default, as it is."""
        return condition

    @property
    def trivial_baselines(self) -> dict[str, ConditionBaseline]:
        """Trivial restorations by name, each a map from a condition to what is generated; by default there are none."""
        return {}

    def keep_known(self, condition: Tensor, generated: Tensor) -> Tensor:
        """Return what is generated with the pixels that a condition shows; by default, it shows none."""
        return generated

    def picture(self, condition: Tensor, channels: int) -> Tensor:
        """Return a completed condition as images of 1 channel or of ``channels``; by default, as it is."""
        return condition


class GreySource(Degradation):
    """Base class of degradations whose condition is a grey image."""

    def condition_of_image(self, image: Image.Image, mask: Image.Image | None, background: str) -> Tensor:
        return source_tensor(image, mask, 1, background)
