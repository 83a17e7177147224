"""Residual blocks that enlarge, shrink or keep an image (Gulrajani et al., 2017; Miyato et al., 2018, Figures 7 and 8).

A shortcut's 1x1 convolution comes where the image is smaller, before it is enlarged or after it is shrunk: the result
is the same, at a quarter of the cost.
"""

from math import sqrt
from typing import TypeVar

from torch import Tensor, nn

from gan.nn.layers import Norm, maybe_spectral, norm_layer

__all__ = ["Residual", "activated", "convolution", "down_block", "first_block", "glorot", "plain_block", "up_block"]

Layer = TypeVar("Layer", nn.Conv2d, nn.Linear)


class Residual(nn.Module):
    """The sum of two branches of one input.

    Args:
        branch: What is learned beside the shortcut.
        shortcut: What the input comes through by, near to unchanged.
    """

    def __init__(self, branch: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.branch, self.shortcut = branch, shortcut

    def forward(self, x: Tensor) -> Tensor:
        return self.branch(x) + self.shortcut(x)


def up_block(inputs: int, outputs: int, norm: Norm, spectral_norm: bool) -> Residual:
    """Double the resolution, (B, inputs, H, W) to (B, outputs, 2H, 2W), by the nearest pixel."""
    double, convolutions = nn.Upsample(scale_factor=2), two_convolutions(inputs, outputs, norm, spectral_norm)
    shortcut = nn.Sequential(convolution(inputs, outputs, 1, spectral_norm), double)
    return Residual(nn.Sequential(activated(inputs, norm), double, convolutions), shortcut)


def down_block(inputs: int, outputs: int, norm: Norm, spectral_norm: bool) -> Residual:
    """Halve the resolution, (B, inputs, H, W) to (B, outputs, H / 2, W / 2), by the mean of four pixels."""
    halve, convolutions = nn.AvgPool2d(2), two_convolutions(inputs, outputs, norm, spectral_norm)
    shortcut = nn.Sequential(halve, convolution(inputs, outputs, 1, spectral_norm))
    return Residual(nn.Sequential(activated(inputs, norm), convolutions, halve), shortcut)


def first_block(inputs: int, outputs: int, norm: Norm, spectral_norm: bool) -> Residual:
    """Halve the resolution of images, whose pixels neither a norm nor a ReLU comes before."""
    halve, convolutions = nn.AvgPool2d(2), two_convolutions(inputs, outputs, norm, spectral_norm)
    shortcut = nn.Sequential(halve, convolution(inputs, outputs, 1, spectral_norm))
    return Residual(nn.Sequential(convolutions, halve), shortcut)


def plain_block(inputs: int, outputs: int, norm: Norm, spectral_norm: bool) -> Residual:
    """Keep the resolution, (B, inputs, H, W) to (B, outputs, H, W); the shortcut is the input where channels stay."""
    convolutions = two_convolutions(inputs, outputs, norm, spectral_norm)
    shortcut = nn.Identity() if inputs == outputs else convolution(inputs, outputs, 1, spectral_norm)
    return Residual(nn.Sequential(activated(inputs, norm), convolutions), shortcut)


def two_convolutions(inputs: int, outputs: int, norm: Norm, spectral_norm: bool) -> nn.Sequential:
    """Build a block's convolutions, with norm and ReLU between them."""
    return nn.Sequential(
        convolution(inputs, outputs, 3, spectral_norm, gain=sqrt(2)),
        norm_layer(norm, outputs),
        nn.ReLU(inplace=True),
        convolution(outputs, outputs, 3, spectral_norm, gain=sqrt(2)),
    )


def activated(features: int, norm: Norm) -> nn.Sequential:
    """Build norm and ReLU of what something else may look at too, which is left as it is."""
    return nn.Sequential(norm_layer(norm, features), nn.ReLU(inplace=norm != "none"))


def convolution(inputs: int, outputs: int, kernel: int, spectral_norm: bool, gain: float = 1.0) -> nn.Module:
    """Build a convolution that keeps the resolution, with an odd kernel; see ``glorot`` for its weights."""
    layer = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)
    return maybe_spectral(glorot(layer, gain), spectral_norm)


def glorot(layer: Layer, gain: float = 1.0) -> Layer:
    """Draw a layer's weights uniformly, as wide as its inputs and outputs are few (Glorot and Bengio, 2010, Eq. 16).

    As in the code of Miyato et al. (2018), biases are zero, and ``gain`` is √2 in a block's 3x3 convolutions and 1
    elsewhere. Spectral norm divides the gain out again; without it, it matters.
    """
    nn.init.xavier_uniform_(layer.weight, gain)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
