"""Layers with an equalised learning rate: weights are drawn from N(0, 1) and scaled in each forward pass.

The scale is He's, gain / sqrt(inputs per unit). Applied in the forward pass instead of at initialisation, it also
scales the steps of optimisers that normalise gradients, such as Adam (Karras et al., 2018, Section 4.1).
"""

from math import prod, sqrt

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["EqualizedConv2d", "EqualizedLinear"]


class EqualizedConv2d(nn.Conv2d):
    """A convolution with an equalised learning rate.

    Args:
        in_channels: Input channels.
        out_channels: Output channels.
        kernel_size: Side of the square kernel.
        padding: Zeros on each side.
        gain: sqrt(2) before a (leaky) ReLU, 1 for an output layer.
        stride: Pixels between outputs.
        bias: Whether there is a bias.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        padding: int = 0,
        gain: float = sqrt(2),
        stride: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, bias=bias)
        self.scale = init_standard_normal(self) * gain

    def forward(self, input: Tensor) -> Tensor:
        return F.conv2d(input, self.scale * self.weight, self.bias, self.stride, self.padding)


class EqualizedLinear(nn.Linear):
    """A linear layer with an equalised learning rate.

    Args:
        in_features: Input units.
        out_features: Output units.
        gain: sqrt(2) before a (leaky) ReLU, 1 for an output layer.
        rate: Factor of the layer's learning rate with an optimiser that normalises gradients, such as Adam. Weights are
            drawn from N(0, 1 / rate²), so that the layer's function is the same at first (Karras et al., 2019, C).
    """

    def __init__(self, in_features: int, out_features: int, gain: float = sqrt(2), rate: float = 1.0) -> None:
        super().__init__(in_features, out_features)
        self.scale, self.rate = init_standard_normal(self) * gain, rate
        if rate != 1:
            self.scale *= rate
            with torch.no_grad():
                self.weight /= rate

    def forward(self, input: Tensor) -> Tensor:
        bias = self.bias if self.rate == 1 else self.rate * self.bias
        return F.linear(input, self.scale * self.weight, bias)


def init_standard_normal(layer: nn.Conv2d | nn.Linear) -> float:
    """Draw a layer's weights from N(0, 1), set its biases to zero, and return 1 / sqrt(inputs per unit)."""
    nn.init.normal_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return 1 / sqrt(prod(layer.weight.shape[1:]))
