"""Classifier of single digits, applied to each channel of stacked digits."""

from typing import Any

from torch import Tensor

from gan.data.base import ImageDataModule
from gan.data.stacked_mnist import StackedMNIST
from gan.errors import UserError
from gan.features.base import FeatureExtractor, Features
from gan.features.classifier import Classifier
from gan.runs.folder import OutputPath

__all__ = ["StackedClassifier"]


class StackedClassifier(FeatureExtractor):
    """Concatenated features of three digits, and the log-probability of each of the 1,000 modes.

    Args:
        data: Stacked digits.
        cache: Folder of the single-digit classifier's weights; None for the user's cache folder.

    Raises:
        UserError: If the data set does not consist of stacked digits.
    """

    name = "stacked_classifier"
    num_features = 3 * Classifier.num_features
    num_classes = 1000

    def __init__(self, data: ImageDataModule, cache: OutputPath | None = None) -> None:
        super().__init__()
        if not isinstance(data, StackedMNIST):
            raise UserError("metric/features=stacked_classifier needs data=stacked_mnist")
        self.classifier = Classifier(data.digits, cache)

    def forward(self, images: Tensor) -> Features:
        vectors, logits = self.classifier(images.flatten(0, 1)[:, None])
        assert logits is not None
        a, b, c = logits.log_softmax(1).unflatten(0, (-1, 3)).unbind(1)
        modes = a[:, :, None, None] + b[:, None, :, None] + c[:, None, None, :]
        return Features(vectors.unflatten(0, (-1, 3)).flatten(1), modes.flatten(1))

    @property
    def protocol(self) -> dict[str, Any]:
        return {**self.classifier.protocol, "features": self.name}
