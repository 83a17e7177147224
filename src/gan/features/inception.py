"""The Inception network of FID (Heusel et al., 2017), with the weights of the original TensorFlow code."""

from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor
from torchmetrics.image.fid import NoTrainInceptionV3

from gan.data.base import ImageDataModule
from gan.digest import digest
from gan.errors import UserError
from gan.features.base import (
    FeatureExtractor,
    Features,
    check_grey_or_colour,
    describe_alternatives,
    grey_to_rgb,
)

__all__ = ["Inception"]

WEIGHTS_FILE = "weights-inception-2015-12-05-6726825d.pth"


class Inception(FeatureExtractor):
    """The 2,048 pooled features of Inception v3, by torch-fidelity; grey images are repeated to three channels.

    The logits are its 1,008 outputs without the bias, as the Inception Score uses them. Images are resized on the grid
    of TensorFlow 1, as for published figures: only such scores are named ``fid``, ``kid`` and so on. With antialiasing,
    which is torchmetrics' default, they are named after ``inception_antialiased``: the features differ.

    Args:
        data: Grey or colour images.
        weights: Local file of the weights; None downloads them once to torch's cache.
        antialias: Whether images are resized to 299x299 on half-pixel centres, with antialiasing.

    Raises:
        UserError: If the weights can neither be read nor downloaded, or the images have other than 1 or 3 channels.
    """

    name = "inception"
    num_features = 2048
    num_classes = 1008

    def __init__(self, data: ImageDataModule, weights: str | None = None, antialias: bool = False) -> None:
        super().__init__()
        check_grey_or_colour(data, self.name)
        self.antialias = antialias
        if antialias:
            self.name = "inception_antialiased"
        try:
            if weights is not None:
                torch.load(weights, weights_only=True, map_location="cpu")  # refuses pickled code
            self.network = NoTrainInceptionV3(
                "inception-v3-compat", ["2048", "logits_unbiased"], weights, antialias=antialias
            )
        except (OSError, EOFError, KeyError, RuntimeError, TypeError, UnpicklingError) as error:
            reason = " ".join(str(error).split())[:150]
            raise UserError(
                f"no Inception weights ({reason}): download {WEIGHTS_FILE} from torch-fidelity's releases on a machine "
                f"with a network and set metric.features.weights=FILE; or {describe_alternatives(data)}"
            ) from error

    def forward(self, images: Tensor) -> Features:
        outputs = self.network._torch_fidelity_forward(grey_to_rgb(images))  # forward() returns only the first
        return Features(*outputs)

    @property
    def protocol(self) -> dict[str, Any]:
        return {
            "features": self.name,
            "weights": digest(self.network.state_dict().values())[:16],
            "resize": "299x299 bilinear, " + ("antialiased" if self.antialias else "as TensorFlow 1"),
        }
