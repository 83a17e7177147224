"""StyleGAN2: weights modulated by styles, skip generator, residual discriminator (Karras et al., 2020)."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import sqrt
from typing import Any

import torch
from torch import Tensor, nn

from gan.bounds import (
    AtLeastTwo,
    Classes,
    Depth,
    Expansion,
    ImageShape,
    LatentDim,
    Packing,
    Positive,
    Probability,
    Width,
)
from gan.keyed_random import KeyedRandom
from gan.models.gan import GAN
from gan.nn.conditioning import LabelVector
from gan.nn.equalized import EqualizedConv2d, EqualizedLinear
from gan.nn.minibatch_std import MinibatchStd
from gan.nn.modulation import leaky_relu
from gan.nn.resampling import Blur, Downsample
from gan.nn.resolution import base_and_doublings, channel_counts
from gan.nn.style_mapping import StyleMapping
from gan.nn.synthesis import LARGEST_SIZE, NoiseKind, Synthesis
from gan.types import Batch, DiscriminatorOutput, GeneratorInput, GeneratorOutput, Request

__all__ = ["Discriminator", "Generator", "StyleGAN2"]

MIXED, CROSSOVER, PSI, W = "mixed_z", "crossover", "psi", "w"  # inputs of the generator beside the layers' noise


class Generator(nn.Module):
    """Generator: a mapping network from z to w, and a synthesis network from w to images.

    Images are unbounded in training, as in the paper, and clamped to [-1, 1] in evaluation mode.

    Args:
        image_shape: (C, H, W) with H = W, of size 4, 5, 6 or 7 times a power of two.
        latent_dim: Length of z, which is normalised first.
        style_dim: Length of w.
        width: Channels at the full resolution.
        mapping_depth: Layers of the mapping network.
        mapping_rate: Factor of their learning rate.
        num_classes: Number of classes; 1 for an unconditional generator.
        noise: Whether the noise of a layer is an input, constant, or left out.
        fused: See ModulatedConv2d.
        growth: Factor of the channels from one resolution to the next lower one, up to 8 * width.

    Raises:
        ValueError: If the size does not fit.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        latent_dim: LatentDim = 64,
        style_dim: Width = 64,
        width: Width = 16,
        mapping_depth: Depth = 4,
        mapping_rate: Positive = 0.01,
        num_classes: Classes = 1,
        noise: NoiseKind = "random",
        fused: bool = False,
        growth: Expansion = 2,
    ) -> None:
        super().__init__()
        self.mapping = StyleMapping(latent_dim, style_dim, mapping_depth, mapping_rate, num_classes)
        self.synthesis = Synthesis(image_shape, style_dim, width, noise, fused, growth)

    def forward(
        self, z: Tensor, labels: Tensor | None = None, noise: Mapping[str, Tensor] | None = None
    ) -> GeneratorOutput:
        """Map z to images and to the vectors w that they are made from.

        Args:
            z: With shape (B, latent_dim).
            labels: Classes, with shape (B,), for a conditional generator.
            noise: Noise by layer; ``mixed_z``, a second z for the layers from ``crossover`` on; ``psi``, by which w is
                truncated; and ``w`` itself in the place of what z is mapped to, with shape (B, layers, style_dim). Each
                has B rows, and may be missing.

        Returns:
            Images, with shape (B, C, H, W), and w, with shape (B, layers, style_dim).
        """
        noise = noise or {}
        w = noise.get(W)
        if w is None:
            w = self.mapping(z, labels)[:, None].expand(-1, self.synthesis.num_layers, -1)
        if MIXED in noise:
            layer = torch.arange(self.synthesis.num_layers, device=w.device)
            first = (layer < noise[CROSSOVER][:, None])[:, :, None]
            w = torch.where(first, w, self.mapping(noise[MIXED], labels)[:, None])
        if PSI in noise:
            w = torch.lerp(self.mapping.mean().to(w), w, noise[PSI].to(w)[:, None, None])
        images = self.synthesis(w, noise)
        return GeneratorOutput(images if self.training else images.clamp(-1, 1), w)


class ConvBlock(nn.Module):
    """Block of the discriminator, which halves the resolution (Figs. 7c and 8).

    Args:
        inputs: Input channels.
        outputs: Output channels.
        residual: Whether a skip connection is added.
    """

    def __init__(self, inputs: int, outputs: int, residual: bool = True) -> None:
        super().__init__()
        self.conv1 = EqualizedConv2d(inputs, inputs, 3, padding=1, gain=1)
        self.blur = Blur(padding=2)
        self.conv2 = EqualizedConv2d(inputs, outputs, 3, gain=1, stride=2)
        skip = [Downsample(), EqualizedConv2d(inputs, outputs, 1, gain=1, bias=False)] if residual else []
        self.skip = nn.Sequential(*skip)

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C', H / 2, W / 2)."""
        branch = leaky_relu(self.conv2(self.blur(leaky_relu(self.conv1(features)))))
        return (branch + self.skip(features)) / sqrt(2) if self.skip else branch


class Discriminator(nn.Module):
    """Discriminator, residual unless said otherwise, with the minibatch standard deviation as a feature.

    With classes, the inner product of features and a class vector is added to the logits (Miyato and Koyama, 2018).

    Args:
        image_shape: (C, H, W) with H = W, of size 4, 5, 6 or 7 times a power of two.
        width: Channels at the full resolution.
        num_classes: Number of classes; 1 for an unconditional discriminator.
        group_size: Largest number of images per group; see MinibatchStd.
        packing: Images per pack, concatenated along the channels.
        growth: Factor of the channels from one resolution to the next lower one, up to 8 * width.
        residual: Whether its blocks have skip connections.

    Raises:
        ValueError: If the size does not fit.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        width: Width = 16,
        num_classes: Classes = 1,
        group_size: AtLeastTwo = 4,
        packing: Packing = 1,
        growth: Expansion = 2,
        residual: bool = True,
    ) -> None:
        super().__init__()
        base, halvings = base_and_doublings(image_shape[-1], LARGEST_SIZE)
        widths = channel_counts(width, halvings + 1, growth)
        channels = widths[-1]
        self.from_image = EqualizedConv2d(packing * image_shape[0], width, 1, gain=1)
        self.blocks = nn.Sequential(*(ConvBlock(*pair, residual) for pair in pairwise(widths)))
        self.statistics = MinibatchStd(group_size)
        self.last = EqualizedConv2d(channels + 1, channels, 3, padding=1, gain=1)
        self.linear = EqualizedLinear(channels * base**2, channels, gain=1)
        self.head = EqualizedLinear(channels, 1, gain=1)
        self.label = LabelVector(num_classes) if num_classes > 1 else None
        self.vectors = EqualizedLinear(num_classes, channels, gain=sqrt(num_classes)) if num_classes > 1 else None

    def forward(self, images: Tensor, labels: Tensor | None = None) -> DiscriminatorOutput:
        """Map images, with shape (B, C, H, W), and their classes to logits and features."""
        features = self.blocks(leaky_relu(self.from_image(images)))
        features = leaky_relu(self.last(self.statistics(features)))
        features = leaky_relu(self.linear(features.flatten(1)))
        logits = self.head(features).flatten()
        if self.vectors is not None:
            assert self.label is not None
            assert labels is not None
            logits = logits + (self.vectors(self.label(labels)) * features).sum(1) / sqrt(features.shape[1])
        return DiscriminatorOutput(logits, features)


class StyleGAN2(GAN):
    """GAN with style mixing, noise by layer, and truncation of w.

    In training, a share of images is made from two z: one up to a random layer, and another from there on (Karras et
    al., 2019, Section 3.1). Samples are truncated in W: ``truncation`` is ψ, the factor of w's distance from its mean
    (Karras et al., 2019, Appendix B).

    Args:
        generator: Maps (z, labels, noise) to images and w; see Generator.
        discriminator: Maps (images, labels) to a DiscriminatorOutput.
        style_mixing: Share of images made from two z in training.
        **settings: See GAN.
    """

    def __init__(
        self, generator: Generator, discriminator: nn.Module, style_mixing: Probability = 0.9, **settings: Any
    ) -> None:
        super().__init__(generator, discriminator, **settings)
        self.style_mixing = style_mixing
        self.noise_shapes, self.num_layers = generator.synthesis.noise_shapes, generator.synthesis.num_layers

    def sample_noise(self, rng: KeyedRandom) -> dict[str, Tensor] | None:
        """Draw the noise of each layer, from N(0, 1)."""
        return {name: rng.normal(*shape) for name, shape in self.noise_shapes.items()} or None

    def draw_generator_input(self, batch: Batch, rng: KeyedRandom) -> GeneratorInput:
        """Draw z and noise, and a second z for some of the rows."""
        inputs = super().draw_generator_input(batch, rng)
        if not self.style_mixing:
            return inputs
        crossover = 1 + (rng.uniform() * (self.num_layers - 1)).long()
        crossover = torch.where(rng.uniform() < self.style_mixing, crossover, self.num_layers)
        mixing = {MIXED: self.sample_latent(rng), CROSSOVER: crossover}
        return inputs._replace(noise={**(inputs.noise or {}), **mixing})

    def sample_input(
        self,
        indices: range,
        seed: int = 0,
        classes: Sequence[int] | None = None,
        truncation: float | None = None,
        request: Request | None = None,
    ) -> GeneratorInput:
        """Return the input of samples, see Sampler, with w truncated by ``truncation``."""
        inputs = super().sample_input(indices, seed, classes, None, request)
        if truncation is None:
            return inputs
        psi = torch.full((len(indices),), truncation, device=self.device)
        return inputs._replace(noise={**(inputs.noise or {}), PSI: psi})
