"""R3GAN: a modern ResNet for both players, without norms, styles or noise (Huang et al., 2024, Config E).

The loss of the paper is not part of it: that is ``loss=r3gan``.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from gan.models.gan import GAN
from gan.nn.bottleneck import Bottleneck
from gan.nn.initialization import scaled_normal
from gan.nn.resampling import Downsample, Upsample
from gan.nn.resolution import base_and_doublings
from gan.types import DiscriminatorOutput

__all__ = ["R3GAN", "Discriminator", "Generator"]

LARGEST_MULTIPLE = 8


def pointwise(before: int, after: int) -> nn.Conv2d:
    """Build a 1x1 convolution without bias, whose output starts as large as its input."""
    return scaled_normal(nn.Conv2d(before, after, 1, bias=False))


class Stages:
    """The residual blocks of either player, level by level from the highest resolution on, and what lies between.

    Args:
        size: Of the images, 4, 5, 6 or 7 times a power of two.
        width: Channels at the images' resolution.
        growth: Factor of the channels from a level to the one below, up to 8 times ``width``.
        blocks: Residual blocks a level.
        expansion: Channels of a block's 3x3 convolution a channel of the block.
        cardinality: Groups of that convolution at the images' resolution; below, as many more as there are channels.

    Attributes:
        base: Pixels along a side of the lowest resolution.
        widths: Channels of each level.
        levels: The blocks of each level.

    Raises:
        ValueError: If the size does not fit, a number is below one, or the groups do not divide the channels.
    """

    def __init__(self, size: int, width: int, growth: int, blocks: int, expansion: int, cardinality: int) -> None:
        if growth < 1 or blocks < 1:
            raise ValueError(f"growth and blocks must be at least 1, not {growth} and {blocks}")
        self.base, halvings = base_and_doublings(size)
        multiples = [min(growth**n, LARGEST_MULTIPLE) for n in range(halvings + 1)]
        branches = blocks * len(multiples)
        self.widths = [width * n for n in multiples]
        self.levels = [
            nn.Sequential(*(Bottleneck(width * n, branches, expansion, cardinality * n) for _ in range(blocks)))
            for n in multiples
        ]


class Generator(nn.Module):
    """From noise to images: z weighs learned pictures of the lowest resolution, which are refined and doubled in turn.

    The paper's images have no bounds, and are cut off when they are written; here a tanh ends the network, since all
    that takes a generator's images counts on [-1, 1], and a cut has no gradient for what lies beyond it.

    Args:
        image_shape: (C, H, W) with H = W.
        latent_dim: Length of z.
        width: Channels at the images' resolution.
        growth: Factor of the channels from a level to the one below, up to 8 times ``width``.
        blocks: Residual blocks per level.
        expansion: Channels of a block's 3x3 convolution per channel of the block.
        cardinality: Groups of that convolution at the images' resolution; lower levels have more, with their channels.

    Raises:
        ValueError: If the size does not fit, a number is below one, or the groups do not divide the channels.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        latent_dim: int = 64,
        width: int = 96,
        growth: int = 2,
        blocks: int = 2,
        expansion: int = 2,
        cardinality: int = 12,
    ) -> None:
        super().__init__()
        plan = Stages(image_shape[-1], width, growth, blocks, expansion, cardinality)
        widths, refined = plan.widths[::-1], plan.levels[::-1]
        self.weights = scaled_normal(nn.Linear(latent_dim, widths[0], bias=False))
        self.basis = nn.Parameter(torch.randn(widths[0], plan.base, plan.base))
        layers: list[nn.Module] = [refined[0]]
        for (before, after), level in zip(pairwise(widths), refined[1:], strict=True):
            layers += [pointwise(before, after), Upsample(), level]
        self.layers = nn.Sequential(*layers, pointwise(width, image_shape[0]), nn.Tanh())

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map z, with shape (B, latent_dim), to images in [-1, 1], with shape (B, C, H, W)."""
        return self.layers(self.weights(z)[:, :, None, None] * self.basis)


class Discriminator(nn.Module):
    """From images to logits, the generator's mirror image: its features weigh each channel by a learned picture.

    Args:
        image_shape: (C, H, W) with H = W.
        width: Channels at the images' resolution.
        growth: Factor of the channels from a level to the one below, up to 8 times ``width``.
        blocks: Residual blocks per level.
        expansion: Channels of a block's 3x3 convolution per channel of the block.
        cardinality: Groups of that convolution at the images' resolution; lower levels have more, with their channels.
        packing: Images that are judged together, as channels of one.

    Raises:
        ValueError: If the size does not fit, a number is below one, or the groups do not divide the channels.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        width: int = 96,
        growth: int = 2,
        blocks: int = 2,
        expansion: int = 2,
        cardinality: int = 12,
        packing: int = 1,
    ) -> None:
        super().__init__()
        plan = Stages(image_shape[-1], width, growth, blocks, expansion, cardinality)
        layers: list[nn.Module] = [pointwise(packing * image_shape[0], width), plan.levels[0]]
        for (before, after), level in zip(pairwise(plan.widths), plan.levels[1:], strict=True):
            layers += [Downsample(), pointwise(before, after), level]
        self.layers = nn.Sequential(*layers)
        self.basis = nn.Parameter(torch.randn(plan.widths[-1], plan.base, plan.base) / plan.base)
        self.head = scaled_normal(nn.Linear(plan.widths[-1], 1, bias=False))

    def forward(self, images: Tensor, labels: Tensor | None = None) -> DiscriminatorOutput:
        """Judge images, with shape (B, C, H, W)."""
        features = (self.layers(images) * self.basis).sum((2, 3))  # a depthwise convolution of the image's whole size
        return DiscriminatorOutput(self.head(features).flatten(), features)


class R3GAN(GAN):
    """The game between the two; see GAN for the arguments."""
