"""The Inception network of FID (Heusel et al., 2017), with the weights that the TensorFlow original used."""

from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor
from torchmetrics.image.fid import NoTrainInceptionV3

from gan.data.base import ImageDataModule
from gan.digest import digest
from gan.errors import UserError
from gan.features.base import FeatureExtractor, Features

__all__ = ["Inception"]

WEIGHTS_FILE = "weights-inception-2015-12-05-6726825d.pth"


class Inception(FeatureExtractor):
    """The 2,048 pooled features of Inception v3, as torch-fidelity has them; grey images are given three channels.

    Its logits are those of 1,008 outputs without their bias, which the Inception Score is computed from.

    Args:
        weights: A local file of the weights; where None, they are fetched once into torch's cache.
        antialias: Whether images are resized to 299x299 with antialiasing; false is TensorFlow 1's bilinear resize.
    """

    name = "inception"
    num_features = 2048
    num_classes = 1008

    def __init__(self, weights: str | None = None, antialias: bool = True) -> None:
        super().__init__()
        self.weights, self.antialias = weights, antialias
        self.network: NoTrainInceptionV3 | None = None

    def prepare(self, data: ImageDataModule) -> None:
        """Load the weights.

        Raises:
            UserError: If the weights are neither at hand nor to be fetched, or the data are no images.
        """
        if data.channels not in (1, 3):
            raise UserError(f"metric/features=inception takes grey or colour images, not {data.channels} channels")
        try:
            if self.weights is not None:
                torch.load(self.weights, weights_only=True, map_location="cpu")  # refuses pickled code
            self.network = NoTrainInceptionV3(
                "inception-v3-compat", ["2048", "logits_unbiased"], self.weights, antialias=self.antialias
            )
        except (OSError, EOFError, KeyError, RuntimeError, TypeError, UnpicklingError) as error:
            reason = " ".join(str(error).split())[:150]
            raise UserError(
                f"no Inception weights ({reason}): download {WEIGHTS_FILE} from torch-fidelity's releases where "
                "there is a network and set metric.features.weights=FILE, or score with metric/features=classifier"
            ) from error

    def forward(self, images: Tensor) -> Features:
        assert self.network is not None, "prepare() comes first"
        colored = images.expand(-1, 3, -1, -1) if images.shape[1] == 1 else images
        return Features(*self.network._torch_fidelity_forward(colored))  # its forward() returns the first alone

    @property
    def protocol(self) -> dict[str, Any]:
        assert self.network is not None, "prepare() comes first"
        return {
            "features": self.name,
            "weights": digest(self.network.state_dict().values())[:16],
            "resize": "299x299 bilinear, " + ("antialiased" if self.antialias else "as TensorFlow 1"),
        }
