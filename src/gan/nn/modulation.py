"""Convolution with weights that a style scales, and that are normalised again (Karras et al., 2020, Section 2.2)."""

from math import sqrt

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.nn.equalized import EqualizedLinear
from gan.nn.resampling import Blur

__all__ = ["ModulatedConv2d"]

EPSILON = 1e-8


class ModulatedConv2d(nn.Module):
    r"""Convolution with weights modulated by a style, with an equalised learning rate and without a bias.

    For weights w_oik of an output o, an input i and a position k, and a style s_i (Eqs. 1 and 3):

    .. math:: w'_{oik} = s_i w_{oik}, \qquad w''_{oik} = w'_{oik} / \sqrt{\textstyle\sum_{i,k} w'^2_{oik} + \epsilon}

    Inputs of variance one give outputs of variance one, whatever the style. Since both factors are constant over
    positions, they can scale the inputs and the outputs of one convolution that all images share, or the weights of a
    grouped convolution with a group per image. Both give the same result.

    Args:
        in_channels: Input channels.
        out_channels: Output channels.
        kernel_size: Side of the square kernel, which is odd.
        style_dim: Length of the vector w that the style is an affine function of.
        demodulate: Whether weights are normalised after modulation; not in layers that output an image.
        upsample: Whether to double the resolution, by a transposed convolution and the filter (1, 3, 3, 1).
        fused: Whether the weights are scaled, for a grouped convolution, instead of inputs and outputs.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        style_dim: int,
        demodulate: bool = True,
        upsample: bool = False,
        fused: bool = False,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, kernel_size, kernel_size))
        self.scale, self.padding = 1 / sqrt(self.weight[0].numel()), kernel_size // 2
        self.style = EqualizedLinear(style_dim, in_channels, gain=1)
        nn.init.ones_(self.style.bias)
        self.demodulate, self.fused = demodulate, fused
        self.blur = Blur(gain=4) if upsample else None

    def forward(self, inputs: Tensor, w: Tensor) -> Tensor:
        """Map inputs, with shape (B, C, H, W), to outputs, for w with shape (B, style_dim)."""
        outputs = self.convolve_unblurred(inputs, w)
        return outputs if self.blur is None else self.blur(outputs)

    def convolve_unblurred(self, inputs: Tensor, w: Tensor) -> Tensor:
        """Modulate, convolve and demodulate."""
        style, weight = self.style(w), self.scale * self.weight
        factor = self.demodulation(style, weight) if self.demodulate else None
        if self.fused:
            return self.convolve_fused(inputs, style, factor, weight)
        outputs = self.convolve(inputs * style[:, :, None, None].to(inputs.dtype), weight)
        return outputs if factor is None else outputs * factor[:, :, None, None].to(outputs.dtype)

    def demodulation(self, style: Tensor, weight: Tensor) -> Tensor:
        """Return the factor of each output, with shape (B, out_channels), in float32 at every precision."""
        with torch.autocast(style.device.type, enabled=False):
            return (style.to(weight.dtype).square() @ weight.square().sum((2, 3)).T + EPSILON).rsqrt()

    def convolve(self, inputs: Tensor, weight: Tensor, groups: int = 1) -> Tensor:
        """Convolve, or convolve transposed with a stride of two, without padding."""
        if self.blur is None:
            return F.conv2d(inputs, weight, padding=self.padding, groups=groups)
        inputs_first = weight.unflatten(0, (groups, -1)).transpose(1, 2).flatten(0, 1)
        return F.conv_transpose2d(inputs, inputs_first, stride=2, groups=groups)

    def convolve_fused(self, inputs: Tensor, style: Tensor, factor: Tensor | None, weight: Tensor) -> Tensor:
        """Convolve each image with weights of its own, as one grouped convolution."""
        batch = len(inputs)
        weights = weight * style[:, None, :, None, None]
        if factor is not None:
            weights = weights * factor[:, :, None, None, None]
        outputs = self.convolve(inputs.flatten(0, 1)[None], weights.flatten(0, 1), batch)
        return outputs.view(batch, -1, *outputs.shape[2:])


def leaky_relu(inputs: Tensor) -> Tensor:
    """Leaky ReLU that preserves the mean square of standard normal inputs about: its outputs are multiplied by √2."""
    return F.leaky_relu(inputs, 0.2) * sqrt(2)
