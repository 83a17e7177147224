"""Initial weights that keep the size of what passes through a layer (He et al., 2015, Section 2.2)."""

from math import sqrt
from typing import TypeVar

from torch import nn

__all__ = ["LEAKY_GAIN", "LEAKY_SLOPE", "scaled_normal"]

Layer = TypeVar("Layer", nn.Conv2d, nn.Linear)

LEAKY_SLOPE = 0.2
LEAKY_GAIN = sqrt(2 / (1 + LEAKY_SLOPE**2))
"""Of a layer before a leaky ReLU: with it, what the ReLU returns has the mean square of the layer's input."""


def scaled_normal(layer: Layer, gain: float = 1.0) -> Layer:
    """Draw a layer's weights from N(0, gain² / inputs of a unit), biases zero; the layer is returned.

    An input of mean square one then gives an output of variance gain² (He et al., 2015, Eq. 8).
    """
    nn.init.normal_(layer.weight, 0.0, gain / sqrt(layer.weight[0].numel()))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
