"""BigGAN: class-conditional residual networks with a shared embedding and hierarchical z (Brock et al., 2019)."""

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
from gan.nn.conditioning import LabelVector
from gan.nn.initialization import orthogonal
from gan.nn.layers import maybe_spectral_norm
from gan.nn.residual import convolution, down_block, first_block, plain_block
from gan.nn.resolution import base_and_doublings, channel_counts
from gan.types import DiscriminatorOutput

__all__ = ["BigGAN", "Discriminator", "Generator"]

LARGEST_SIZE = 512
STANDING_ROWS = 64  # images per batch of standing statistics


class ConditionalBatchNorm(nn.Module):
    """Batch norm whose scale and shift are linear functions of a vector.

    Args:
        features: Channels.
        condition_dim: Length of the vector.
        spectral_norm: Whether to divide the functions' weights by their largest singular value.
    """

    def __init__(self, features: int, condition_dim: int, spectral_norm: bool) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(features, affine=False)
        self.scale, self.shift = (
            maybe_spectral_norm(nn.Linear(condition_dim, features, bias=False), spectral_norm) for _ in range(2)
        )

    def forward(self, inputs: Tensor, condition: Tensor) -> Tensor:
        """Normalise inputs, with shape (B, C, H, W), for vectors, with shape (B, condition_dim)."""
        scale, shift = (layer(condition)[:, :, None, None] for layer in (self.scale, self.shift))
        return (1 + scale) * self.norm(inputs) + shift


class GeneratorBlock(nn.Module):
    """Residual block that doubles the resolution (Figure 15b).

    Args:
        inputs: Input channels.
        outputs: Output channels.
        condition_dim: Length of the vector that the norms depend on.
        spectral_norm: Whether to divide weights by their largest singular value.
    """

    def __init__(self, inputs: int, outputs: int, condition_dim: int, spectral_norm: bool) -> None:
        super().__init__()
        self.norm1 = ConditionalBatchNorm(inputs, condition_dim, spectral_norm)
        self.conv1 = convolution(inputs, outputs, 3, spectral_norm)
        self.norm2 = ConditionalBatchNorm(outputs, condition_dim, spectral_norm)
        self.conv2 = convolution(outputs, outputs, 3, spectral_norm)
        self.shortcut = convolution(inputs, outputs, 1, spectral_norm)

    def forward(self, inputs: Tensor, condition: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C', 2H, 2W)."""
        features = self.conv1(double(F.relu(self.norm1(inputs, condition))))
        features = self.conv2(F.relu(self.norm2(features, condition)))
        return features + double(self.shortcut(inputs))


class Generator(nn.Module):
    """Generator: one part of z for the first layer, and one, beside the class, for the norms of each block.

    Args:
        image_shape: (C, H, W) with H = W, of size 4, 5, 6 or 7 times a power of two.
        num_classes: Number of classes.
        latent_dim: Length of z, a multiple of the number of its parts.
        embedding_dim: Length of the class's embedding, which all blocks share.
        width: Channels at the full resolution; each lower resolution has twice as many, up to 8 * width.
        attention_size: Height and width of the features that attention is applied to; None for half the images' size.
        spectral_norm: Whether to divide weights by their largest singular value, but not the embedding's.

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
    ) -> None:
        super().__init__()
        size = image_shape[-1]
        base, doublings = base_and_doublings(size, LARGEST_SIZE)
        self.parts = 1 + doublings
        if latent_dim % self.parts:
            nearest = max(1, round(latent_dim / self.parts)) * self.parts
            raise ValueError(
                f"latent_dim={latent_dim} cannot be divided into {self.parts} equal parts, one for the first layer and "
                f"one for each block: the nearest length is {nearest} (model.latent_dim={nearest})"
            )
        chunk = latent_dim // self.parts
        widths = channel_counts(width, doublings + 1)[::-1]
        self.label = LabelVector(num_classes, embedding_dim)
        first = nn.Linear(chunk, base * base * widths[0])
        self.stem = nn.Sequential(maybe_spectral_norm(first, spectral_norm), nn.Unflatten(1, (widths[0], base, base)))
        condition_dim = chunk + embedding_dim
        self.blocks = nn.ModuleList(GeneratorBlock(*pair, condition_dim, spectral_norm) for pair in pairwise(widths))
        sizes = [base << n for n in range(1, doublings + 1)]
        self.attention_after = place_of_attention(sizes, size // 2 if attention_size is None else attention_size)
        self.attention = SelfAttention(widths[self.attention_after + 1], spectral_norm)
        last = convolution(width, image_shape[0], 3, spectral_norm)
        self.head = nn.Sequential(nn.BatchNorm2d(width), nn.ReLU(inplace=True), last, nn.Tanh())
        orthogonal(self)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map z, with shape (B, latent_dim), and classes to images in [-1, 1], with shape (B, C, H, W)."""
        assert labels is not None
        first, *rest = z.chunk(self.parts, 1)
        embedding = self.label(labels).to(z.dtype)
        features = self.stem(first)
        for number, (block, part) in enumerate(zip(self.blocks, rest, strict=True)):
            features = block(features, torch.cat([embedding, part], 1))
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
    ) -> None:
        super().__init__()
        size = image_shape[-1]
        _, halvings = base_and_doublings(size, LARGEST_SIZE)
        widths = channel_counts(width, halvings)
        self.blocks = nn.ModuleList([first_block(image_shape[0], width, "none", spectral_norm)])
        self.blocks.extend(down_block(*pair, "none", spectral_norm) for pair in pairwise(widths))
        self.blocks.append(plain_block(widths[-1], widths[-1], "none", spectral_norm))
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


def double(images: Tensor) -> Tensor:
    """Double the resolution by repeating pixels."""
    return F.interpolate(images, scale_factor=2)


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
