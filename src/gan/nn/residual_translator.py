"""Residual network from images to images (Johnson et al., 2016; Zhu et al., 2017, Section 7.1)."""

from collections.abc import Iterator
from typing import Literal

from torch import Tensor, nn

from gan.bounds import Blocks, ImageShape, Width
from gan.nn.layers import Norm, norm_layer
from gan.nn.unet import normal
from gan.nn.upsampling import Upsampling, upsampling

__all__ = ["ResidualTranslator"]

LARGE = 256  # images of this size and more have nine blocks, smaller ones six


class ResidualTranslator(nn.Module):
    """Two strided convolutions, residual blocks at a quarter of the resolution, and two layers back.

    Args:
        source_shape: (C, H, W) of the source images, with H and W divisible by 4.
        image_shape: (C, H, W) of the output, of the same height and width.
        width: Channels at the full resolution.
        blocks: Residual blocks; None for 6, or 9 from 256 pixels.
        norm: Normalisation of every layer but the last.
        upsampling: Kind of the layers back.

    Attributes:
        source_shape: (C, H, W) of the source images in training.
        divisor: The network takes images whose height and width are multiples of it.
        encoder_depths: Numbers of layers after which the first half's features are taken (Park et al., 2020).
        encoder_channels: Channels of these features.

    Raises:
        ValueError: If the sizes differ or do not fit.
    """

    divisor = 4

    def __init__(
        self,
        source_shape: ImageShape,
        image_shape: ImageShape,
        width: Width = 64,
        blocks: Blocks | None = None,
        norm: Norm = "instance",
        upsampling: Upsampling = "transposed",
    ) -> None:
        super().__init__()
        self.source_shape = tuple(source_shape)
        height, size = image_shape[1:]
        if source_shape[1:] != image_shape[1:] or height % 4 or size % 4:
            raise ValueError(f"source and image must have one size, a multiple of 4, not {source_shape}, {image_shape}")
        blocks = (9 if min(height, size) >= LARGE else 6) if blocks is None else blocks
        layers = convolution(source_shape[0], width, norm, kernel=7)
        layers += convolution(width, 2 * width, norm, stride=2) + convolution(2 * width, 4 * width, norm, stride=2)
        layers += [ResidualBlock(4 * width, norm) for _ in range(blocks)]
        for channels in (4 * width, 2 * width):
            layers += back(channels, norm, upsampling)
        layers += [nn.ReflectionPad2d(3), normal(nn.Conv2d(width, image_shape[0], 7)), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        # pixels, both strided convolutions, the first block, and the middle one
        self.encoder_depths = sorted({0, 4, 7, min(10, 9 + blocks), 9 + (blocks + 1) // 2})
        self.encoder_channels = [source_shape[0], 2 * width, *[4 * width] * (len(self.encoder_depths) - 2)]

    def forward(self, images: Tensor) -> Tensor:
        """Map source images, with shape (B, C, H, W), to images in [-1, 1]."""
        return self.layers(images)

    def activations(self, images: Tensor) -> Iterator[Tensor]:
        """Yield the images, and the output of each layer as it is computed; the last one is ``forward``'s."""
        yield images
        for layer in self.layers:
            images = layer(images)
            yield images


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions around a skip connection.

    Args:
        channels: Channels of input and output.
        norm: Normalisation.
    """

    def __init__(self, channels: int, norm: Norm) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *convolution(channels, channels, norm),
            *convolution(channels, channels, norm)[:-1],  # without the activation
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


def convolution(inputs: int, outputs: int, norm: Norm, kernel: int = 3, stride: int = 1) -> list[nn.Module]:
    """Build a convolution with its norm and a ReLU; strides pad with zeros, others by reflection."""
    mode: Literal["zeros", "reflect"] = "zeros" if stride > 1 else "reflect"
    layer = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=bias(norm), padding_mode=mode)
    return [normal(layer), norm_layer(norm, outputs, affine=norm != "instance"), nn.ReLU()]


def back(channels: int, norm: Norm, kind: Upsampling) -> list[nn.Module]:
    """Build a layer to twice the resolution and half the channels."""
    layer = upsampling(kind, channels, channels // 2, kernel=3, bias=bias(norm))
    return [normal(layer), norm_layer(norm, channels // 2, affine=norm != "instance"), nn.ReLU()]


def bias(norm: Norm) -> bool:
    """Return whether a convolution before a norm has a bias; others subtract it."""
    return norm == "none"
