"""Residual blocks that double, halve or keep the resolution (Gulrajani et al., 2017; Miyato et al., 2018, Figs. 7, 8).

A shortcut's 1x1 convolution is applied at the lower resolution, before upsampling or after downsampling: the result is
the same, at a quarter of the cost.
"""

from math import sqrt

from torch import Tensor, nn

from gan.nn.initialization import glorot
from gan.nn.layers import Norm, maybe_spectral_norm, norm_layer

__all__ = ["Residual", "convolution", "down_block", "first_block", "norm_relu", "plain_block", "up_block"]


class Residual(nn.Module):
    """Sum of two branches of one input.

    Args:
        branch: The residual branch.
        shortcut: The identity, or resampling and a 1x1 convolution.
    """

    def __init__(self, branch: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.branch, self.shortcut = branch, shortcut

    def forward(self, x: Tensor) -> Tensor:
        return self.branch(x) + self.shortcut(x)


def up_block(inputs: int, outputs: int, norm: Norm, spectral_norm: bool) -> Residual:
    """Double the resolution, (B, inputs, H, W) to (B, outputs, 2H, 2W), by nearest-neighbour upsampling."""
    double, convolutions = nn.Upsample(scale_factor=2), two_convolutions(inputs, outputs, norm, spectral_norm)
    shortcut = nn.Sequential(convolution(inputs, outputs, 1, spectral_norm), double)
    return Residual(nn.Sequential(norm_relu(inputs, norm), double, convolutions), shortcut)


def down_block(inputs: int, outputs: int, norm: Norm, spectral_norm: bool) -> Residual:
    """Halve the resolution, (B, inputs, H, W) to (B, outputs, H / 2, W / 2), by average pooling."""
    halve, convolutions = nn.AvgPool2d(2), two_convolutions(inputs, outputs, norm, spectral_norm)
    shortcut = nn.Sequential(halve, convolution(inputs, outputs, 1, spectral_norm))
    return Residual(nn.Sequential(norm_relu(inputs, norm), convolutions, halve), shortcut)


def first_block(inputs: int, outputs: int, norm: Norm, spectral_norm: bool) -> Residual:
    """Halve the resolution of images; the first block of a network has no norm or ReLU before its convolutions."""
    halve, convolutions = nn.AvgPool2d(2), two_convolutions(inputs, outputs, norm, spectral_norm)
    shortcut = nn.Sequential(halve, convolution(inputs, outputs, 1, spectral_norm))
    return Residual(nn.Sequential(convolutions, halve), shortcut)


def plain_block(inputs: int, outputs: int, norm: Norm, spectral_norm: bool) -> Residual:
    """Keep the resolution, (B, inputs, H, W) to (B, outputs, H, W); the shortcut is the identity if channels match."""
    convolutions = two_convolutions(inputs, outputs, norm, spectral_norm)
    shortcut = nn.Identity() if inputs == outputs else convolution(inputs, outputs, 1, spectral_norm)
    return Residual(nn.Sequential(norm_relu(inputs, norm), convolutions), shortcut)


def two_convolutions(inputs: int, outputs: int, norm: Norm, spectral_norm: bool) -> nn.Sequential:
    """Build a block's two convolutions, with a norm and a ReLU between them."""
    return nn.Sequential(
        convolution(inputs, outputs, 3, spectral_norm, gain=sqrt(2)),
        norm_layer(norm, outputs),
        nn.ReLU(inplace=True),
        convolution(outputs, outputs, 3, spectral_norm, gain=sqrt(2)),
    )


def norm_relu(features: int, norm: Norm) -> nn.Sequential:
    """Build a norm and a ReLU that leave their input unchanged, since the shortcut uses it too."""
    return nn.Sequential(norm_layer(norm, features), nn.ReLU(inplace=norm != "none"))


def convolution(inputs: int, outputs: int, kernel: int, spectral_norm: bool, gain: float = 1.0) -> nn.Module:
    """Build a convolution with an odd kernel that keeps the resolution; see ``glorot`` for its initial weights."""
    layer = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)
    return maybe_spectral_norm(glorot(layer, gain), spectral_norm)
