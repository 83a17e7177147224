"""Layers whose weights all learn at one pace: drawn from N(0, 1), and scaled as they are used.

The scale is He's, gain / sqrt(inputs of a unit). As a factor of the weights, rather than of their first values, it
scales the steps of optimisers that normalise gradients, such as Adam, as well (Karras et al., 2018, Section 4.1).
"""

from math import prod, sqrt

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["EqualizedConv2d", "EqualizedLinear"]


class EqualizedConv2d(nn.Conv2d):
    """A convolution with an equalised learning rate.

    Args:
        in_channels: Channels before.
        out_channels: Channels after.
        kernel_size: Of a square kernel.
        padding: Zeros on each side.
        gain: sqrt(2) before a (leaky) ReLU, 1 where nothing follows.
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, padding: int = 0, gain: float = sqrt(2)
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, padding=padding)
        self.scale = standardize(self) * gain

    def forward(self, input: Tensor) -> Tensor:
        return F.conv2d(input, self.scale * self.weight, self.bias, padding=self.padding)


class EqualizedLinear(nn.Linear):
    """A linear layer with an equalised learning rate.

    Args:
        in_features: Units before.
        out_features: Units after.
        gain: sqrt(2) before a (leaky) ReLU, 1 where nothing follows.
    """

    def __init__(self, in_features: int, out_features: int, gain: float = sqrt(2)) -> None:
        super().__init__(in_features, out_features)
        self.scale = standardize(self) * gain

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, self.scale * self.weight, self.bias)


def standardize(layer: nn.Conv2d | nn.Linear) -> float:
    """Draw a layer's weights from N(0, 1), let its biases be zero, and return 1 / sqrt(inputs of a unit)."""
    nn.init.normal_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return 1 / sqrt(prod(layer.weight.shape[1:]))
