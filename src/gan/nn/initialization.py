"""Initial weights that preserve the scale of activations (Glorot and Bengio, 2010; He et al., 2015, Section 2.2)."""

from math import sqrt
from typing import TypeVar

import torch
from torch import nn

__all__ = ["LEAKY_GAIN", "LEAKY_SLOPE", "glorot", "icnr", "orthogonal", "scaled_normal"]

Layer = TypeVar("Layer", nn.Conv2d, nn.Linear)

LEAKY_SLOPE = 0.2
LEAKY_GAIN = sqrt(2 / (1 + LEAKY_SLOPE**2))
"""Gain of a layer before a leaky ReLU that preserves the mean square from the layer's input to the ReLU's output."""


def scaled_normal(layer: Layer, gain: float = 1.0) -> Layer:
    """Draw a layer's weights from N(0, gain² / inputs per unit), set its biases to zero, and return the layer.

    Inputs of mean square one then give outputs of variance gain² (He et al., 2015, Eq. 8).
    """
    nn.init.normal_(layer.weight, 0.0, gain / sqrt(layer.weight[0].numel()))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def glorot(layer: Layer, gain: float = 1.0) -> Layer:
    """Initialise a layer's weights as in Glorot and Bengio (2010, Eq. 16), its biases with zero, and return the layer.

    As in the code of Miyato et al. (2018), ``gain`` is √2 in a block's 3x3 convolutions and 1 elsewhere. It matters
    only without spectral norm, which cancels it.
    """
    nn.init.xavier_uniform_(layer.weight, gain)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


@torch.no_grad()
def icnr(layer: nn.Conv2d) -> nn.Conv2d:
    """Give the four pixels of each square of a sub-pixel convolution one filter, and return the layer.

    Its first outputs are then those of nearest-neighbour upsampling, without checkerboards (Aitken et al., 2017).
    """
    layer.weight.copy_(layer.weight[::4].repeat_interleave(4, 0))
    if layer.bias is not None:
        layer.bias.copy_(layer.bias[::4].repeat_interleave(4))
    return layer


@torch.no_grad()
def orthogonal(network: nn.Module) -> None:
    """Draw all weights of a network as orthogonal matrices, and set all biases to zero (Saxe et al., 2014).

    Scales of norms are left as they are. Spectral norm is exact at once for an orthogonal weight.
    """
    for name, parameter in network.named_parameters():
        if parameter.dim() > 1:
            nn.init.orthogonal_(parameter)
        elif name.endswith("bias"):
            nn.init.zeros_(parameter)
