"""What a feature extractor is: images to vectors, with a name that scores carry."""

from abc import abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

from torch import Tensor, nn

from gan.types import Batch

__all__ = ["FeatureExtractor"]


class FeatureExtractor(nn.Module):
    """Maps images to the features that a measure compares.

    Attributes:
        name: Names the scores.
        num_features: Length of a feature vector.
    """

    name: str
    num_features: int

    @abstractmethod
    def prepare(self, train: Callable[[], Iterable[Batch]], num_classes: int) -> None:
        """Get ready, given a function that iterates over a data set's training images, uint8, and its classes.

        Raises:
            UserError: If weights or labels are missing.
        """

    @abstractmethod
    def forward(self, images: Tensor) -> Tensor:
        """Map images, uint8 with shape (B, C, H, W), to features, float32 with shape (B, num_features)."""

    @property
    @abstractmethod
    def protocol(self) -> dict[str, Any]:
        """What of the extractor decides a score: its weights' hash, and how images are resized."""
