"""Layers that double the resolution, with learned filters."""

from typing import Literal, get_args

from torch import nn

from gan.errors import did_you_mean

__all__ = ["Upsampling", "upsampling"]

Upsampling = Literal["transposed", "resize", "pixel_shuffle"]


def upsampling(kind: Upsampling, inputs: int, outputs: int, kernel: int = 4, bias: bool = True) -> nn.Module:
    """Build a layer that maps (B, inputs, H, W) to (B, outputs, 2H, 2W).

    Args:
        kind: ``transposed`` for a transposed convolution; ``resize`` for nearest-neighbour upsampling and a 3x3
            convolution, which avoids checkerboard patterns (Odena et al., 2016); ``pixel_shuffle`` for a sub-pixel
            convolution: a 3x3 one to four times the channels, which are the pixels of 2x2 squares (Shi et al., 2016).
        inputs: Channels of the input.
        outputs: Channels of the output.
        kernel: Size of the transposed convolution's kernel, 3 or 4.
        bias: Whether the convolution has a bias.

    Raises:
        ValueError: If the kind is unknown.
    """
    if kind == "transposed":
        return nn.ConvTranspose2d(inputs, outputs, kernel, 2, 1, output_padding=kernel % 2, bias=bias)
    if kind == "resize":
        return nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias))
    if kind == "pixel_shuffle":
        return nn.Sequential(nn.Conv2d(inputs, 4 * outputs, 3, padding=1, bias=bias), nn.PixelShuffle(2))
    known = list(get_args(Upsampling))
    raise ValueError(f"upsampling '{kind}' is not one of {', '.join(known)}{did_you_mean(kind, known)}")
