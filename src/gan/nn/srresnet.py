"""SRResNet: residual network from small images to larger ones (Ledig et al., 2017, Section 2.1.1)."""

from typing import Literal

from torch import Tensor, nn
from torch.nn import functional

from gan.bounds import Blocks, ImageShape, Width
from gan.nn.initialization import icnr
from gan.nn.layers import Norm, norm_layer
from gan.nn.residual import Residual
from gan.nn.upsampling import Upsampling, upsampling

__all__ = ["SCALES", "SRResNet"]

SCALES = (2, 4, 8)
Base = Literal["none", "bicubic"]


class SRResNet(nn.Module):
    """Residual blocks at the resolution of the source, and layers that double it.

    As in the paper, the last layer has no activation: images can leave [-1, 1] a little, and are clamped when they are
    written or scored.

    Args:
        source_shape: (C, H, W) of the source images.
        image_shape: (C, H, W) of the output: 2, 4 or 8 times as high and wide.
        width: Channels of every layer.
        blocks: Residual blocks.
        norm: Normalisation.
        upsampling: Kind of the layers that double the resolution: the paper's sub-pixel convolutions, or others.
        icnr: Whether sub-pixel convolutions start without checkerboard patterns (Aitken et al., 2017).
        base: Image that the network's output is added to: ``none``, as in the paper, or the ``bicubic`` enlargement of
            the source (VDSR; Kim et al., 2016), with which training starts, and is much shorter.

    Attributes:
        divisor: The network takes images whose height and width are multiples of it: all.

    Raises:
        ValueError: If the scale is none of these, or the base has other channels.
    """

    divisor = 1

    def __init__(
        self,
        source_shape: ImageShape,
        image_shape: ImageShape,
        width: Width = 64,
        blocks: Blocks = 16,
        norm: Norm = "batch",
        upsampling: Upsampling = "pixel_shuffle",
        icnr: bool = True,
        base: Base = "none",
    ) -> None:
        super().__init__()
        self.first = nn.Sequential(convolution(source_shape[0], width, 9), nn.PReLU())
        self.body = Residual(
            nn.Sequential(*(residual_block(width, norm) for _ in range(blocks)), *normed(width, norm)), nn.Identity()
        )
        steps = doublings(source_shape, image_shape)
        self.up = nn.Sequential(*(doubling(width, upsampling, icnr) for _ in range(steps)))
        self.last = convolution(width, image_shape[0], 9)
        self.scale, self.base = 2**steps, base
        if base == "bicubic":
            if source_shape[0] != image_shape[0]:
                raise ValueError(f"base={base} needs as many channels in the image as in the source")
            nn.init.zeros_(self.last.weight)

    def forward(self, z: Tensor | None, labels: Tensor | None, condition: Tensor) -> Tensor:
        """Map source images, with shape (B, C, H, W), to larger images around [-1, 1]; z and labels are not used."""
        images = self.last(self.up(self.body(self.first(condition))))
        if self.base == "none":
            return images
        return images + functional.interpolate(condition, scale_factor=float(self.scale), mode="bicubic")


def doublings(source_shape: ImageShape, image_shape: ImageShape) -> int:
    """Return how often the resolution of a source is doubled.

    Raises:
        ValueError: If the image is not 2, 4 or 8 times as high and wide.
    """
    for number, scale in enumerate(SCALES, start=1):
        if image_shape[1:] == (scale * source_shape[1], scale * source_shape[2]):
            return number
    small, large = ("x".join(map(str, shape[1:])) for shape in (source_shape, image_shape))
    raise ValueError(f"image_shape must be 2, 4 or 8 times as high and wide as the source, not {large} for {small}")


def residual_block(width: int, norm: Norm) -> Residual:
    """Build two convolutions around a skip connection, without an activation after the sum."""
    return Residual(nn.Sequential(*normed(width, norm), nn.PReLU(), *normed(width, norm)), nn.Identity())


def normed(width: int, norm: Norm) -> list[nn.Module]:
    """Build a convolution and its norm, which subtracts a bias."""
    return [convolution(width, width, 3, bias=norm == "none"), norm_layer(norm, width)]


def doubling(width: int, kind: Upsampling, without_checkerboards: bool) -> nn.Sequential:
    """Build a layer that doubles the resolution, and its activation."""
    layer = upsampling(kind, width, width)
    if without_checkerboards and isinstance(layer, nn.Sequential) and isinstance(layer[0], nn.Conv2d):
        icnr(layer[0])
    return nn.Sequential(layer, nn.PReLU())


def convolution(inputs: int, outputs: int, kernel: int, bias: bool = True) -> nn.Conv2d:
    """Build a convolution with an odd kernel that keeps the resolution."""
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=bias)
