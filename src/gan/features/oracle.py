"""Negative log-likelihood of sequences under the oracle that drew the data."""

from typing import Any

from torch import Tensor

from gan.data.module import DataModule
from gan.data.oracle import Oracle
from gan.digest import digest
from gan.errors import UserError
from gan.features.base import FeatureExtractor, Features

__all__ = ["OracleLikelihood"]


class OracleLikelihood(FeatureExtractor):
    """A sequence's negative log-likelihood under the oracle, in nats per token, as a vector of length 1.

    Args:
        data: Data of an oracle.

    Raises:
        UserError: If the data are others.
    """

    name = "oracle"
    num_features = 1
    measures_distance = False

    def __init__(self, data: DataModule) -> None:
        super().__init__()
        if not isinstance(data, Oracle):
            raise UserError("metric/features=oracle needs data=oracle")
        self.network = data.oracle

    def forward(self, tokens: Tensor) -> Features:
        return Features(-self.network.log_likelihoods(tokens).mean(1, keepdim=True))

    @property
    def protocol(self) -> dict[str, Any]:
        weights = digest([parameter.cpu() for parameter in self.network.parameters()])
        return {"features": self.name, "weights": weights[:16], "resize": "none"}
