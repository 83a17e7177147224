"""Context encoder: network from images with holes to whole images (Pathak et al., 2016, Section 3.1)."""

from itertools import pairwise

from torch import Tensor, nn

from gan.bounds import Halvings, ImageShape, Width
from gan.nn.layers import Norm, norm_layer
from gan.nn.unet import halvings, normal
from gan.nn.upsampling import Upsampling, upsampling

__all__ = ["ContextEncoder"]

SMALLEST = 4  # height or width of the innermost feature map


class ContextEncoder(nn.Module):
    """Strided convolutions, a bottleneck that is connected to all of the image, and a decoder.

    As in the authors' code, there are no skip connections; the encoder has leaky ReLUs, the decoder ReLUs.

    Args:
        source_shape: (C, H, W) of the source images: the known pixels and the mask.
        image_shape: (C, H, W) of the output, of the same height and width.
        width: Channels of the first layer; each later one has twice as many, up to 8 * width.
        bottleneck: Units of the bottleneck.
        depth: Halvings of the resolution; None for as many as leave at least 4 pixels a side.
        norm: Normalisation; the first and the last layer have none, nor has the bottleneck for ``instance``.
        upsampling: Kind of the decoder's layers.

    Attributes:
        source_shape: (C, H, W) of the source images in training.
        divisor: The network takes images whose height and width are multiples of it, and no smaller than in training.

    Raises:
        ValueError: If the sizes differ, or cannot be halved ``depth`` times.
    """

    def __init__(
        self,
        source_shape: ImageShape,
        image_shape: ImageShape,
        width: Width = 64,
        bottleneck: Width = 4000,
        depth: Halvings | None = None,
        norm: Norm = "batch",
        upsampling: Upsampling = "transposed",
    ) -> None:
        super().__init__()
        size = image_shape[1:]
        if source_shape[1:] != size:
            raise ValueError(
                f"a context encoder keeps the size, but the source has {source_shape[1:]}, the image {size}"
            )
        self.source_shape = tuple(source_shape)
        depth = halvings(size, depth or depth_to_smallest(size))
        self.divisor = 2**depth
        widths = [width * min(2**level, 8) for level in range(depth)]
        layers: list[nn.Module] = []
        for level, (before, after) in enumerate(zip([source_shape[0], *widths[:-1]], widths, strict=True)):
            own_norm = norm if level else "none"
            layer = nn.Conv2d(before, after, 4, 2, 1, bias=own_norm == "none")
            layers += [normal(layer), norm_layer(own_norm, after), nn.LeakyReLU(0.2)]
        inner, own_norm = (size[0] >> depth, size[1] >> depth), "none" if norm == "instance" else norm
        layer = nn.Conv2d(widths[-1], bottleneck, inner, bias=own_norm == "none")
        layers += [normal(layer), norm_layer(own_norm, bottleneck), nn.LeakyReLU(0.2)]
        back = nn.ConvTranspose2d(bottleneck, widths[-1], inner, bias=norm == "none")
        layers += [normal(back), norm_layer(norm, widths[-1]), nn.ReLU()]
        for before, after in pairwise(widths[::-1]):
            layers += [doubling(before, after, norm, upsampling), norm_layer(norm, after), nn.ReLU()]
        self.layers = nn.Sequential(*layers, doubling(width, image_shape[0], "none", upsampling), nn.Tanh())

    def forward(self, z: Tensor | None, labels: Tensor | None, condition: Tensor) -> Tensor:
        """Map source images, with shape (B, C, H, W), to images in [-1, 1]; z and labels are not used."""
        return self.layers(condition)


def depth_to_smallest(size: tuple[int, int]) -> int:
    """Return how often, at least once, sides can be halved until one would have fewer than 4 pixels."""
    depth = 1
    while all(side % 2 ** (depth + 1) == 0 and side >> (depth + 1) >= SMALLEST for side in size):
        depth += 1
    return depth


def doubling(inputs: int, outputs: int, norm: Norm, kind: Upsampling) -> nn.Module:
    """Build a layer that doubles the resolution."""
    return normal(upsampling(kind, inputs, outputs, bias=norm == "none"))
