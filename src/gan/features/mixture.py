"""Points of a Gaussian mixture as features, and the log-densities of its modes as logits."""

from typing import Any

import torch
from torch import Tensor

from gan.data.base import ImageDataModule
from gan.data.gaussians import GaussianMixture
from gan.digest import digest
from gan.errors import UserError
from gan.features.base import FeatureExtractor, Features

__all__ = ["Mixture"]


class Mixture(FeatureExtractor):
    """A point's coordinates, and its log-density under each mode up to a constant that all modes share.

    Args:
        data: A Gaussian mixture.

    Raises:
        UserError: If the data set is not one.
    """

    name = "mixture"
    num_features = 2

    def __init__(self, data: ImageDataModule) -> None:
        super().__init__()
        if not isinstance(data, GaussianMixture):
            raise UserError("metric/features=mixture needs data=ring8 or data=grid25")
        self.data, self.num_classes = data, data.num_classes

    def forward(self, images: Tensor) -> Features:
        points = self.data.points(images)
        centers = self.data.centers.to(points.device)
        squares = (points[:, None] - centers).square().sum(2)
        return Features(points, -squares / (2 * self.data.std**2))

    @property
    def protocol(self) -> dict[str, Any]:
        modes = digest([self.data.centers, torch.tensor([self.data.std, self.data.scale])])
        return {"features": self.name, "weights": modes[:16], "resize": "none"}
