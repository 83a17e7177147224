"""Points of a mixture of Gaussians as features, and the log-densities of its modes as logits."""

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
    """A point's coordinates, and for each mode its log-density, up to the constant that all modes share."""

    name = "mixture"
    num_features = 2

    def __init__(self) -> None:
        super().__init__()
        self.data: GaussianMixture | None = None

    def prepare(self, data: ImageDataModule) -> None:
        """Take the modes of a data set.

        Raises:
            UserError: If it has none in the plane.
        """
        if not isinstance(data, GaussianMixture):
            raise UserError("metric/features=mixture needs data=ring8 or data=grid25")
        self.data, self.num_classes = data, data.num_classes

    def forward(self, images: Tensor) -> Features:
        assert self.data is not None, "prepare() comes first"
        points = self.data.points(images)
        centers = self.data.centers.to(points.device)
        squares = (points[:, None] - centers).square().sum(2)
        return Features(points, -squares / (2 * self.data.std**2))

    @property
    def protocol(self) -> dict[str, Any]:
        assert self.data is not None, "prepare() comes first"
        modes = digest([self.data.centers, torch.tensor([self.data.std, self.data.scale])])
        return {"features": self.name, "weights": modes[:16], "resize": "none"}
