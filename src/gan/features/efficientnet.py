"""EfficientNet-Lite0 with ImageNet weights from a Python package: features of colour images, without a download."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gan.data.base import ImageDataModule
from gan.features.base import FeatureExtractor, Features, check_grey_or_colour, grey_to_rgb
from gan.nn.pretrained.efficientnet import load_efficientnet_lite0

__all__ = ["EfficientNetLite0"]

SIZE = 224
CPU_BATCH_SIZE = 4  # feature maps of more images exceed the CPU's cache, and each image takes longer


class EfficientNetLite0(FeatureExtractor):
    """The 1,280 pooled features and 1,000 logits of EfficientNet-Lite0 (Tan and Le, 2019).

    Grey images are repeated to three channels.

    Args:
        data: Grey or colour images.

    Raises:
        UserError: If the packages are not installed, or the images have other than 1 or 3 channels.
    """

    name = "efficientnet_lite0"
    num_features = 1280
    num_classes = 1000

    def __init__(self, data: ImageDataModule) -> None:
        super().__init__()
        check_grey_or_colour(data, self.name)
        self.network, self.weights_digest = load_efficientnet_lite0("metric/features=efficientnet_lite0")

    def forward(self, images: Tensor) -> Features:
        parts = images.split(CPU_BATCH_SIZE) if images.device.type == "cpu" else [images]
        vectors = torch.cat([self._pooled_features(part) for part in parts])
        return Features(vectors, self.network._fc(vectors))

    def _pooled_features(self, images: Tensor) -> Tensor:
        size = (SIZE, SIZE)
        scaled = F.interpolate(grey_to_rgb(images).float(), size, mode="bilinear", antialias=True).div_(127.5).sub_(1)
        return self.network.extract_features(scaled).mean((2, 3))

    @property
    def protocol(self) -> dict[str, Any]:
        resize = f"{SIZE}x{SIZE} bilinear, antialiased"
        return {"features": self.name, "weights": self.weights_digest, "resize": resize}
