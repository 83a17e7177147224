"""The classifier of single digits, on each channel of stacked ones."""

from typing import Any

from torch import Tensor

from gan.data.base import ImageDataModule
from gan.data.stacked_mnist import StackedMNIST
from gan.errors import UserError
from gan.features.base import FeatureExtractor, Features
from gan.features.classifier import Classifier

__all__ = ["StackedClassifier"]


class StackedClassifier(FeatureExtractor):
    """The features of three digits side by side, and for each of 1,000 modes its log-probability.

    Args:
        cache: The folder that the classifier of single digits is kept in; where None, the user's cache folder.
    """

    name = "stacked_classifier"
    num_features = 3 * Classifier.num_features
    num_classes = 1000

    def __init__(self, cache: str | None = None) -> None:
        super().__init__()
        self.classifier = Classifier(cache)

    def prepare(self, data: ImageDataModule) -> None:
        """Load the classifier of the single digits, or train it.

        Raises:
            UserError: If the data set is not of stacked digits.
        """
        if not isinstance(data, StackedMNIST):
            raise UserError("metric/features=stacked_classifier needs data=stacked_mnist")
        self.classifier.prepare(data.digits)

    def forward(self, images: Tensor) -> Features:
        vectors, logits = self.classifier(images.flatten(0, 1)[:, None])
        assert logits is not None
        a, b, c = logits.log_softmax(1).unflatten(0, (-1, 3)).unbind(1)
        together = a[:, :, None, None] + b[:, None, :, None] + c[:, None, None, :]
        return Features(vectors.unflatten(0, (-1, 3)).flatten(1), together.flatten(1))

    @property
    def protocol(self) -> dict[str, Any]:
        return {**self.classifier.protocol, "features": self.name}
