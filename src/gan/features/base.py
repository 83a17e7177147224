"""What a feature extractor is: images to vectors, with a name that scores carry."""

from abc import abstractmethod
from typing import Any, NamedTuple

from torch import Tensor, nn

from gan.data.base import ImageDataModule

__all__ = ["FeatureExtractor", "Features"]


class Features(NamedTuple):
    """What an extractor finds in images.

    Attributes:
        vectors: float32, with shape (B, F).
        logits: Of each class, or mode, float32, with shape (B, K); None from an extractor that tells none apart.
    """

    vectors: Tensor
    logits: Tensor | None = None


class FeatureExtractor(nn.Module):
    """Maps images to the features that a measure compares.

    Attributes:
        name: Names the scores.
        num_features: Length F of a feature vector.
        num_classes: Number K of the classes, or modes, that it tells apart; 0 where it tells none.
    """

    name: str
    num_features: int
    num_classes: int = 0

    @abstractmethod
    def prepare(self, data: ImageDataModule) -> None:
        """Get ready for a data set.

        Raises:
            UserError: If weights or labels are missing.
        """

    @abstractmethod
    def forward(self, images: Tensor) -> Features:
        """Map images, as a data set holds them (uint8, with shape (B, C, H, W)), to features."""

    @property
    @abstractmethod
    def protocol(self) -> dict[str, Any]:
        """What of the extractor decides a score: its weights' hash, and how images are resized."""
