"""BigGAN: class-conditional residual networks with a shared embedding and hierarchical z (Brock et al., 2019).

BigGAN-deep has bottleneck blocks of four convolutions, and all of z in each block (Appendix B of the paper).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.bounds import Blocks, Classes, ImageShape, LatentDim, Pixels, Width
from gan.keyed_random import KeyedRandom, Stream
from gan.models.gan import GAN
from gan.nn.attention import SelfAttention, place_of_attention
from gan.nn.conditional_residual import ConditionalUpBlock, DeepDownBlock, DeepUpBlocks
from gan.nn.conditioning import LabelVector
from gan.nn.initialization import orthogonal
from gan.nn.layers import maybe_spectral_norm
from gan.nn.residual import convolution, down_block, first_block, plain_block
from gan.nn.resolution import base_and_doublings, channel_counts
from gan.types import DiscriminatorOutput

__all__ = ["BigGAN", "Discriminator", "Generator"]

LARGEST_SIZE = 512
STANDING_ROWS = 64  # images per batch of standing statistics


class Generator(nn.Module):
    """Generator: one part of z for the first layer, and one, beside the class, for the norms of each block.

    A deep generator has all of z, beside the class, for both.

    Args:
        image_shape: (C, H, W) with H = W, of size 4, 5, 6 or 7 times a power of two.
        num_classes: Number of classes.
        latent_dim: Length of z, a multiple of the number of its parts.
        embedding_dim: Length of the class's embedding, which all blocks share.
        width: Channels at the full resolution; each lower resolution has twice as many, up to 8 * width.
        attention_size: Height and width of the features that attention is applied to; None for half the images' size.
        spectral_norm: Whether to divide weights by their largest singular value, but not the embedding's.
        deep: Whether this is BigGAN-deep's generator.

    Attributes:
        parts: Number of parts of z.

    Raises:
        ValueError: If a size does not fit, there are fewer than two classes, or z cannot be divided.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        num_classes: Classes,
        latent_dim: LatentDim = 120,
        embedding_dim: Width = 128,
        width: Width = 64,
        attention_size: Pixels | None = None,
        spectral_norm: bool = True,
        deep: bool = False,
    ) -> None:
        super().__init__()
        size = image_shape[-1]
        base, doublings = base_and_doublings(size, LARGEST_SIZE)
        self.deep, self.parts = deep, 1 if deep else 1 + doublings
        if latent_dim % self.parts:
            nearest = max(1, round(latent_dim / self.parts)) * self.parts
            raise ValueError(
                f"latent_dim={latent_dim} cannot be divided into {self.parts} equal parts, one for the first layer and "
                f"one for each block: the nearest length is {nearest} (model.latent_dim={nearest})"
            )
        chunk = latent_dim // self.parts
        widths = channel_counts(width, doublings + 1)[::-1]
        self.label = LabelVector(num_classes, embedding_dim)
        condition_dim = chunk + embedding_dim
        first = nn.Linear(condition_dim if deep else chunk, base * base * widths[0])
        self.stem = nn.Sequential(maybe_spectral_norm(first, spectral_norm), nn.Unflatten(1, (widths[0], base, base)))
        block = DeepUpBlocks if deep else ConditionalUpBlock
        self.blocks = nn.ModuleList(block(*pair, condition_dim, spectral_norm) for pair in pairwise(widths))
        sizes = [base << n for n in range(1, doublings + 1)]
        self.attention_after = place_of_attention(sizes, size // 2 if attention_size is None else attention_size)
        self.attention = SelfAttention(widths[self.attention_after + 1], spectral_norm)
        last = convolution(width, image_shape[0], 3, spectral_norm)
        self.head = nn.Sequential(nn.BatchNorm2d(width), nn.ReLU(inplace=True), last, nn.Tanh())
        orthogonal(self)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map z, with shape (B, latent_dim), and classes to images in [-1, 1], with shape (B, C, H, W)."""
        assert labels is not None
        embedding = self.label(labels).to(z.dtype)
        if self.deep:
            first = torch.cat([z, embedding], 1)
            conditions = [first] * len(self.blocks)
        else:
            first, *parts = z.chunk(self.parts, 1)
            conditions = [torch.cat([embedding, part], 1) for part in parts]
        features = self.stem(first)
        for number, (block, condition) in enumerate(zip(self.blocks, conditions, strict=True)):
            features = block(features, condition)
            if number == self.attention_after:
                features = self.attention(features)
        return self.head(features)


class Discriminator(nn.Module):
    """Residual projection discriminator with self-attention.

    Args:
        image_shape: (C, H, W) with H = W, of size 4, 5, 6 or 7 times a power of two.
        num_classes: Number of classes.
        width: Channels at the full resolution; each lower resolution has twice as many, up to 8 * width.
        attention_size: Height and width of the features that attention is applied to; None for half the images' size.
        spectral_norm: Whether to divide weights by their largest singular value, including the class vectors.
        deep: Whether this is BigGAN-deep's discriminator.

    Raises:
        ValueError: If a size does not fit, or there are fewer than two classes.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        num_classes: Classes,
        width: Width = 64,
        attention_size: Pixels | None = None,
        spectral_norm: bool = True,
        deep: bool = False,
    ) -> None:
        super().__init__()
        size = image_shape[-1]
        _, halvings = base_and_doublings(size, LARGEST_SIZE)
        widths = channel_counts(width, halvings + 1)[1:] if deep else channel_counts(width, halvings)
        make = deep_blocks if deep else blocks
        self.blocks = nn.ModuleList(make(image_shape[0], width, widths, spectral_norm))
        sizes = [size >> n for n in range(1, halvings + 1)]
        self.attention_after = place_of_attention(sizes, size // 2 if attention_size is None else attention_size)
        self.attention = SelfAttention(widths[self.attention_after], spectral_norm)
        self.label = LabelVector(num_classes)
        self.vectors = maybe_spectral_norm(nn.Linear(num_classes, widths[-1], bias=False), spectral_norm)
        self.head = maybe_spectral_norm(nn.Linear(widths[-1], 1), spectral_norm)
        orthogonal(self)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> DiscriminatorOutput:
        """Map images, with shape (B, C, H, W), and their classes to logits y^T V φ(x) + ψ(φ(x)) and features."""
        assert labels is not None
        features = images
        for number, block in enumerate(self.blocks):
            features = block(features)
            if number == self.attention_after:
                features = self.attention(features)
        features = F.relu(features).sum((2, 3))
        projection = (self.vectors(self.label(labels)) * features).sum(1)
        return DiscriminatorOutput(self.head(features).flatten() + projection, features)


def blocks(channels: int, width: int, widths: list[int], spectral_norm: bool) -> list[nn.Module]:
    """Build a discriminator's blocks, each of which but the last halves the resolution.

    Args:
        channels: Channels of images.
        width: Channels at their resolution.
        widths: Channels after each block that halves the resolution.
        spectral_norm: Whether to divide weights by their largest singular value.
    """
    down = [down_block(*pair, "none", spectral_norm) for pair in pairwise(widths)]
    last = plain_block(widths[-1], widths[-1], "none", spectral_norm)
    return [first_block(channels, width, "none", spectral_norm), *down, last]


def deep_blocks(channels: int, width: int, widths: list[int], spectral_norm: bool) -> list[nn.Module]:
    """Build a deep discriminator's blocks: one per resolution that halves it and one that keeps it (Table 7).

    See ``blocks`` for the arguments.
    """
    result = [
        nn.Sequential(
            DeepDownBlock(before, after, spectral_norm, halves=True),
            DeepDownBlock(after, after, spectral_norm, halves=False),
        )
        for before, after in pairwise([width, *widths])
    ]
    result[0].insert(0, convolution(channels, width, 3, spectral_norm))
    return list(result)


class BigGAN(GAN):
    """Class-conditional GAN that can be sampled with standing statistics.

    A moving average of the generator has the running means and variances of the last weights, not of its own. Standing
    statistics are those of its own activations, over some batches of samples (Brock et al., 2019, Appendix B).

    Args:
        generator: Maps (z, labels) to images.
        discriminator: Maps (images, labels) to a DiscriminatorOutput.
        standing_batches: Batches of 64 samples for the statistics of batch norms at sampling; 0 for running statistics.
        **settings: See GAN.
    """

    def __init__(
        self, generator: nn.Module, discriminator: nn.Module, standing_batches: Blocks = 0, **settings: Any
    ) -> None:
        super().__init__(generator, discriminator, **settings)
        self.standing_batches = standing_batches

    @contextmanager
    def inference_network(self, use_ema: bool = True) -> Iterator[nn.Module]:
        """Yield the generator, or its moving average, in evaluation mode, with standing statistics if there are any."""
        with super().inference_network(use_ema) as network:
            norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
            if not self.standing_batches:
                yield network
                return
            before = [
                (layer.momentum, {name: value.clone() for name, value in layer.named_buffers()}) for layer in norms
            ]
            try:
                self._gather_statistics(network, norms)
                yield network
            finally:
                for layer, (momentum, buffers) in zip(norms, before, strict=True):
                    layer.momentum = momentum
                    for name, value in buffers.items():
                        layer.get_buffer(name).copy_(value)

    @torch.no_grad()
    def _gather_statistics(self, network: nn.Module, norms: list[nn.BatchNorm2d]) -> None:
        """Replace the running statistics by those over batches of samples, whose classes take turns."""
        for layer in norms:
            layer.reset_running_stats()
            layer.momentum = None  # a mean over batches
            layer.train()
        labels = torch.arange(STANDING_ROWS, device=self.device) % self.num_classes
        for number in range(self.standing_batches):
            rng = KeyedRandom(0, Stream.SAMPLES, number, total=STANDING_ROWS, device=self.device)
            network(self.sample_latent(rng), labels)
        for layer in norms:
            layer.eval()
