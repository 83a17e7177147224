"""No features: for evaluations whose measures use pixels alone."""

from typing import Any

from torch import Tensor

from gan.data.module import DataModule
from gan.features.base import FeatureExtractor, Features

__all__ = ["NoFeatures"]


class NoFeatures(FeatureExtractor):
    """Vectors of length 0.

    Args:
        data: Any data.
    """

    name = "none"
    num_features = 0
    measures_distance = False

    def __init__(self, data: DataModule) -> None:
        super().__init__()

    def forward(self, images: Tensor) -> Features:
        return Features(images.new_empty(len(images), 0).float())

    @property
    def protocol(self) -> dict[str, Any]:
        return {"features": self.name, "weights": "none", "resize": "none"}
