"""R3GAN: residual networks without norms, styles or noise (Huang et al., 2024, Config E).

The paper's loss is separate: ``loss=r3gan``.
"""

from itertools import pairwise
from math import sqrt

import torch
from torch import Tensor, nn

from gan.bounds import Classes, Depth, Expansion, ImageShape, LatentDim, Packing, Width
from gan.models.gan import GAN
from gan.nn.bottleneck import Bottleneck
from gan.nn.conditioning import LabelVector
from gan.nn.initialization import scaled_normal
from gan.nn.resampling import Downsample, Upsample
from gan.nn.resolution import base_and_doublings, channel_counts
from gan.types import DiscriminatorOutput

__all__ = ["R3GAN", "Discriminator", "Generator"]


def pointwise(inputs: int, outputs: int) -> nn.Conv2d:
    """Build a 1x1 convolution without bias that initially preserves the mean square."""
    return scaled_normal(nn.Conv2d(inputs, outputs, 1, bias=False))


def change_width(before: int, after: int) -> list[nn.Module]:
    """Build the convolution between two resolutions; as in the authors' code, there is none between equal widths."""
    return [] if before == after else [pointwise(before, after)]


class Stages:
    """Residual blocks of a network at each resolution, from the highest to the lowest.

    Args:
        size: Height and width of the images, 4, 5, 6 or 7 times a power of two.
        width: Channels at the images' resolution.
        growth: Factor of the channels from one resolution to the next lower one, up to 8 * width.
        blocks: Residual blocks per resolution.
        expansion: Channels of a block's 3x3 convolution per channel of the block.
        cardinality: Groups of the 3x3 convolution at the images' resolution; they grow with the channels.

    Attributes:
        base: Height and width of the lowest resolution.
        widths: Channels at each resolution.
        levels: Blocks at each resolution.

    Raises:
        ValueError: If the size does not fit, or the groups do not divide the channels.
    """

    def __init__(
        self, size: int, width: Width, growth: Expansion, blocks: Depth, expansion: Expansion, cardinality: Width
    ) -> None:
        self.base, halvings = base_and_doublings(size)
        self.widths = channel_counts(width, halvings + 1, growth)
        groups = channel_counts(cardinality, halvings + 1, growth)
        branches = blocks * len(self.widths)
        self.levels = [
            nn.Sequential(*(Bottleneck(channels, branches, expansion, number) for _ in range(blocks)))
            for channels, number in zip(self.widths, groups, strict=True)
        ]


class Generator(nn.Module):
    """Generator: a linear function of z weights a learned basis at the lowest resolution, which is then upsampled.

    In the paper, images are unbounded, and clamped when they are saved. Here the last layer is a tanh, since the rest
    of the project expects images in [-1, 1], and a clamp has no gradient outside them.

    With classes, z is followed by a learned class vector, as in the authors' code.

    Args:
        image_shape: (C, H, W) with H = W.
        latent_dim: Length of z.
        width: Channels at the images' resolution.
        growth: Factor of the channels from one resolution to the next lower one, up to 8 * width.
        blocks: Residual blocks per resolution.
        expansion: Channels of a block's 3x3 convolution per channel of the block.
        cardinality: Groups of the 3x3 convolution at the images' resolution; they grow with the channels.
        num_classes: Number of classes; 1 for an unconditional generator.
        embedding_dim: Length of the class vectors.

    Raises:
        ValueError: If the size does not fit, or the groups do not divide the channels.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        latent_dim: LatentDim = 64,
        width: Width = 96,
        growth: Expansion = 2,
        blocks: Depth = 2,
        expansion: Expansion = 2,
        cardinality: Width = 12,
        num_classes: Classes = 1,
        embedding_dim: Width = 64,
    ) -> None:
        super().__init__()
        stages = Stages(image_shape[-1], width, growth, blocks, expansion, cardinality)
        widths, levels = stages.widths[::-1], stages.levels[::-1]
        self.label = LabelVector(num_classes, embedding_dim) if num_classes > 1 else None
        inputs = latent_dim if self.label is None else latent_dim + embedding_dim
        self.weights = scaled_normal(nn.Linear(inputs, widths[0], bias=False))
        self.basis = nn.Parameter(torch.randn(widths[0], stages.base, stages.base))
        layers: list[nn.Module] = [levels[0]]
        for (before, after), level in zip(pairwise(widths), levels[1:], strict=True):
            layers += [*change_width(before, after), Upsample(), level]
        self.layers = nn.Sequential(*layers, pointwise(width, image_shape[0]), nn.Tanh())

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map z, with shape (B, latent_dim), and classes to images in [-1, 1], with shape (B, C, H, W)."""
        if self.label is not None:
            assert labels is not None
            z = torch.cat([z, self.label(labels).to(z.dtype)], 1)
        return self.layers(self.weights(z)[:, :, None, None] * self.basis)


class Discriminator(nn.Module):
    """Discriminator, the mirror image of the generator: features are inner products of channels and a learned basis.

    With classes, the logit is the inner product of a linear function of the features and a learned class vector,
    divided by the root of its length, as in the authors' code. Unlike that of Miyato and Koyama (2018), this projection
    has no unconditional term.

    Args:
        image_shape: (C, H, W) with H = W.
        width: Channels at the images' resolution.
        growth: Factor of the channels from one resolution to the next lower one, up to 8 * width.
        blocks: Residual blocks per resolution.
        expansion: Channels of a block's 3x3 convolution per channel of the block.
        cardinality: Groups of the 3x3 convolution at the images' resolution; they grow with the channels.
        packing: Images per pack, concatenated along the channels.
        num_classes: Number of classes; 1 for an unconditional discriminator.
        embedding_dim: Length of the class vectors.

    Raises:
        ValueError: If the size does not fit, or the groups do not divide the channels.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        width: Width = 96,
        growth: Expansion = 2,
        blocks: Depth = 2,
        expansion: Expansion = 2,
        cardinality: Width = 12,
        packing: Packing = 1,
        num_classes: Classes = 1,
        embedding_dim: Width = 64,
    ) -> None:
        super().__init__()
        stages = Stages(image_shape[-1], width, growth, blocks, expansion, cardinality)
        layers: list[nn.Module] = [pointwise(packing * image_shape[0], width), stages.levels[0]]
        for (before, after), level in zip(pairwise(stages.widths), stages.levels[1:], strict=True):
            layers += [Downsample(), *change_width(before, after), level]
        self.layers = nn.Sequential(*layers)
        self.basis = nn.Parameter(torch.randn(stages.widths[-1], stages.base, stages.base) / stages.base)
        self.label = LabelVector(num_classes, embedding_dim) if num_classes > 1 else None
        outputs = 1 if self.label is None else embedding_dim
        self.head = scaled_normal(nn.Linear(stages.widths[-1], outputs, bias=False))

    def forward(self, images: Tensor, labels: Tensor | None = None) -> DiscriminatorOutput:
        """Map images, with shape (B, C, H, W), and their classes to logits and features."""
        features = (self.layers(images) * self.basis).sum((2, 3))  # a depthwise convolution over the whole feature map
        outputs = self.head(features)
        if self.label is not None:
            assert labels is not None
            outputs = (outputs * self.label(labels)).sum(1) / sqrt(self.label.size)
        return DiscriminatorOutput(outputs.flatten(), features)


class R3GAN(GAN):
    """R3GAN's networks as a GAN; see GAN for the arguments."""
