"""Discriminator of super-resolved images (Ledig et al., 2017, Section 2.1.1 and Figure 4)."""

from torch import Tensor, nn

from gan.bounds import Halvings, ImageShape, Width
from gan.nn.layers import Norm, maybe_spectral_norm, norm_layer
from gan.types import DiscriminatorOutput

__all__ = ["SuperResolutionDiscriminator"]


class SuperResolutionDiscriminator(nn.Module):
    """Pairs of 3x3 convolutions, of which the second halves the resolution, and two dense layers.

    It does not see the source image.

    Args:
        image_shape: (C, H, W).
        width: Channels of the first pair; each later one has twice as many.
        levels: Pairs of convolutions.
        units: Units of the dense layer.
        norm: Normalisation; the first convolution has none.
        spectral_norm: Whether to divide weights by their largest singular value.

    Attributes:
        takes_condition: Whether it sees the source image.
        batch_independent: Whether an image's output does not depend on the rest of the batch.

    Raises:
        ValueError: If the images are too small.
    """

    takes_condition = False

    def __init__(
        self,
        image_shape: ImageShape,
        width: Width = 64,
        levels: Halvings = 4,
        units: Width = 1024,
        norm: Norm = "batch",
        spectral_norm: bool = False,
    ) -> None:
        super().__init__()
        channels, *size = image_shape
        if min(size) < 2**levels:
            raise ValueError(
                f"levels={levels} needs images of at least {2**levels} pixels a side, not {size[0]}x{size[1]}"
            )
        layers: list[nn.Module] = []
        for level in range(levels):
            outputs = width * 2**level
            for stride in (1, 2):
                own_norm = norm if layers else "none"
                layer = nn.Conv2d(channels, outputs, 3, stride, 1, bias=own_norm == "none")
                layers += [maybe_spectral_norm(layer, spectral_norm), norm_layer(own_norm, outputs), nn.LeakyReLU(0.2)]
                channels = outputs
        height, wide = (-(-side // 2**levels) for side in size)  # each convolution rounds up
        dense = nn.Linear(channels * height * wide, units)
        self.layers = nn.Sequential(*layers, nn.Flatten(), maybe_spectral_norm(dense, spectral_norm), nn.LeakyReLU(0.2))
        self.head = maybe_spectral_norm(nn.Linear(units, 1), spectral_norm)
        self.batch_independent = norm != "batch"

    def forward(self, images: Tensor, labels: Tensor | None = None) -> DiscriminatorOutput:
        """Map images, with shape (B, C, H, W), to logits, with shape (B,), and features, with shape (B, units)."""
        features = self.layers(images)
        return DiscriminatorOutput(self.head(features).flatten(), features)
