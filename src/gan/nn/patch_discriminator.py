"""Discriminator of overlapping patches: PatchGAN (Isola et al., 2017, Section 3.2.2)."""

import torch
from torch import Tensor, nn

from gan.bounds import Halvings, ImageShape, SourceChannels, Width
from gan.nn.layers import Norm, maybe_spectral_norm, norm_layer
from gan.nn.unet import normal
from gan.types import DiscriminatorOutput

__all__ = ["PatchDiscriminator"]


class PatchDiscriminator(nn.Module):
    """Discriminator with one logit per patch; it sees the source image beside the image if it is conditional.

    Args:
        image_shape: (C, H, W).
        source_channels: Channels of the source image; 0 for a discriminator that does not see it.
        width: Channels of the first layer; each later one has twice as many, up to 8 * width.
        n_layers: Strided convolutions. A logit depends on 16, 34 or 70 pixels along each axis for 1, 2 or 3.
        norm: Normalisation; the first layer has none.
        spectral_norm: Whether to divide weights by their largest singular value.

    Attributes:
        receptive_field: Height and width, in pixels, of the patch that a logit depends on.
        takes_condition: Whether it sees the source image.
        batch_independent: Whether an image's output does not depend on the rest of the batch.

    Raises:
        ValueError: If the images are too small.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        source_channels: SourceChannels = 0,
        width: Width = 64,
        n_layers: Halvings = 3,
        norm: Norm = "instance",
        spectral_norm: bool = False,
    ) -> None:
        super().__init__()
        smallest = 3 * 2**n_layers
        if min(image_shape[1:]) < smallest:
            raise ValueError(
                f"n_layers={n_layers} needs images of at least {smallest} pixels a side, not "
                f"{image_shape[1]}x{image_shape[2]}"
            )
        self.takes_condition = source_channels > 0
        widths = [width * min(2**level, 8) for level in range(n_layers + 1)]
        layers: list[nn.Module] = []
        for level, (before, after) in enumerate(zip([image_shape[0] + source_channels, *widths], widths, strict=False)):
            stride = 2 if level < n_layers else 1
            bias = level == 0 or norm == "none"
            layer = normal(nn.Conv2d(before, after, 4, stride, 1, bias=bias))
            layers += [maybe_spectral_norm(layer, spectral_norm), norm_layer(norm if level else "none", after)]
            layers += [nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers)
        self.head = maybe_spectral_norm(normal(nn.Conv2d(widths[-1], 1, 4, 1, 1)), spectral_norm)
        self.batch_independent = norm != "batch"
        self.receptive_field = 9 * 2**n_layers - 2

    def forward(
        self, images: Tensor, labels: Tensor | None = None, condition: Tensor | None = None
    ) -> DiscriminatorOutput:
        """Map images, with shape (B, C, H, W), and their sources to logits, with shape (B, 1, h, w), and features."""
        assert (condition is not None) == self.takes_condition, (
            "a conditional discriminator, and no other, takes a source"
        )
        features = self.layers(images if condition is None else torch.cat([condition, images], 1))
        return DiscriminatorOutput(self.head(features), features.flatten(1))
