"""U-Net from images to images (Isola et al., 2017, Section 6.1.1)."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from gan.bounds import Halvings, ImageShape, Width
from gan.nn.layers import Norm, norm_layer
from gan.nn.upsampling import Upsampling, upsampling

__all__ = ["UNet"]

DROPOUT_BLOCKS = 3  # innermost blocks of the decoder that have dropout
LARGEST_DEPTH = 8


class UNet(nn.Module):
    """U-Net: strided convolutions to a small feature map, and back, with skip connections between equal resolutions.

    Args:
        source_shape: (C, H, W) of the source images.
        image_shape: (C, H, W) of the output, of the same height and width.
        width: Channels of the first layer; each later one has twice as many, up to 8 * width.
        depth: Halvings of the resolution; None for as many as the size allows, up to 8.
        norm: Normalisation; the first and the innermost layer of the encoder have none.
        upsampling: Kind of the decoder's layers.

    Attributes:
        source_shape: (C, H, W) of the source images in training.
        divisor: The network takes images whose height and width are multiples of it.
        dropout_shapes: (C, H, W) of the dropout masks by name, of the innermost blocks of the decoder.

    Raises:
        ValueError: If the sizes differ, or cannot be halved ``depth`` times.
    """

    def __init__(
        self,
        source_shape: ImageShape,
        image_shape: ImageShape,
        width: Width = 64,
        depth: Halvings | None = None,
        norm: Norm = "instance",
        upsampling: Upsampling = "transposed",
    ) -> None:
        super().__init__()
        size = (image_shape[1], image_shape[2])
        if source_shape[1:] != image_shape[1:]:
            raise ValueError(f"a U-Net keeps the size, but the source has {source_shape[1:]} and the image {size}")
        self.source_shape = tuple(source_shape)
        depth = halvings(size, depth)
        widths = [width * min(2**level, 8) for level in range(depth)]
        self.down = nn.ModuleList(
            self._encoder(before, after, norm if 0 < level < depth - 1 else "none", first=level == 0)
            for level, (before, after) in enumerate(zip([source_shape[0], *widths], widths, strict=False))
        )
        self.up = nn.ModuleList()
        self.divisor = 2**depth
        for level in range(depth - 1, 0, -1):
            inputs, outputs = widths[level] * (1 if level == depth - 1 else 2), widths[level - 1]
            self.up.append(self._decoder(inputs, outputs, norm, upsampling))
        self.depth, self.widths = depth, widths
        self.dropout_shapes = self.dropout_shapes_at(*size)
        self.last = self._decoder(2 * width if depth > 1 else width, image_shape[0], "none", upsampling)

    def dropout_shapes_at(self, height: int, width: int) -> dict[str, tuple[int, int, int]]:
        """Return (C, H, W) of the dropout masks by name, for images of a height and width."""
        levels = range(self.depth - 1, max(0, self.depth - 1 - DROPOUT_BLOCKS), -1)
        return {
            f"dropout_{self.depth - level}": (self.widths[level - 1], height >> level, width >> level)
            for level in levels
        }

    @staticmethod
    def _encoder(inputs: int, outputs: int, norm: Norm, first: bool) -> nn.Sequential:
        activation = [] if first else [nn.LeakyReLU(0.2)]
        layer = nn.Conv2d(inputs, outputs, 4, 2, 1, bias=norm == "none")
        return nn.Sequential(*activation, normal(layer), norm_layer(norm, outputs))

    @staticmethod
    def _decoder(inputs: int, outputs: int, norm: Norm, kind: Upsampling) -> nn.Sequential:
        layer = upsampling(kind, inputs, outputs, bias=norm == "none")
        return nn.Sequential(nn.ReLU(), normal(layer), norm_layer(norm, outputs))

    def forward(
        self,
        z: Tensor | None,
        labels: Tensor | None,
        condition: Tensor,
        noise: Mapping[str, Tensor] | None = None,
    ) -> Tensor:
        """Map source images, with shape (B, C, H, W), to images in [-1, 1].

        Args:
            z: Not used.
            labels: Not used.
            condition: The source images.
            noise: Dropout masks by name, with shapes (B, *dropout_shapes[name]) and mean 1; None for no dropout.
        """
        x, skips = condition, []
        for layer in self.down:
            x = layer(x)
            skips.append(x)
        skips.pop()
        for number, layer in enumerate(self.up, start=1):
            x = layer(x)
            if noise is not None and (mask := noise.get(f"dropout_{number}")) is not None:
                x = x * mask
            x = torch.cat([x, skips.pop()], 1)
        return self.last(x).tanh()


def halvings(size: tuple[int, int], depth: int | None) -> int:
    """Return how often a height and a width are halved; None for as often as possible.

    Raises:
        ValueError: If they cannot be halved so often.
    """
    possible = min((side & -side).bit_length() - 1 for side in size)
    wanted = min(possible, LARGEST_DEPTH) if depth is None else depth
    if not 1 <= wanted <= possible:
        divisor, shown = 2 ** max(1, wanted), "x".join(map(str, size))
        raise ValueError(f"depth {wanted} needs a height and a width that are multiples of {divisor}, not {shown}")
    return wanted


def normal(layer: nn.Module) -> nn.Module:
    """Draw the weights of convolutions from N(0, 0.02), and set biases to zero (Isola et al., 2017, Section 6.2)."""
    for module in layer.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return layer
