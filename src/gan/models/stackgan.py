"""StackGAN: a first stage of half the size, and a second that corrects and enlarges it (Zhang et al., 2017)."""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.bounds import ImageShape, Weight, Width
from gan.keyed_random import KeyedRandom
from gan.losses.objective import Objective
from gan.models.multi_scale import Discriminators, MultiScale, half_size
from gan.models.trainable import OptimizerFactory
from gan.nn.deep_fusion import SLOPE, FusionDownBlock, FusionUpBlock
from gan.nn.fusion_generator import FusionGenerator
from gan.types import GeneratorOutput, GeneratorPass, Terms

__all__ = ["Generator", "StackGAN"]


class Generator(FusionGenerator):
    """Two stages, with DF-GAN's blocks, from a sentence's vector that varies: conditioning augmentation (Section 3.2).

    The second stage adds to the enlarged image of the first, and starts from zero.

    Args:
        image_shape: (C, H, W) with H = W, twice a size of 4, 5, 6 or 7 times a power of two.
        width: Channels of the last block of each stage.
        sentence_dim: Length of a sentence's vector, and of the one that is drawn from it.
        **settings: See FusionGenerator.

    Raises:
        ValueError: If the size does not fit.
    """

    def __init__(self, image_shape: ImageShape, width: Width = 16, sentence_dim: Width = 64, **settings: Any) -> None:
        super().__init__(half_size(image_shape), width=width, sentence_dim=sentence_dim, **settings)
        self.sentence_dim, inputs = sentence_dim, self.input_dim
        self.head = nn.Conv2d(width, image_shape[0], 3, padding=1)
        self.look = nn.Sequential(nn.Conv2d(image_shape[0], width, 3, padding=1), FusionDownBlock(width, 2 * width))
        self.up1, self.up2 = FusionUpBlock(2 * width, 2 * width, inputs), FusionUpBlock(2 * width, width, inputs)
        self.correct = nn.Conv2d(width, image_shape[0], 3, padding=1)
        nn.init.zeros_(self.correct.weight)

    def add_conditioning(self, sentence_dim: int) -> None:
        self.moments = nn.Linear(sentence_dim, 2 * sentence_dim)

    def forward(
        self,
        z: Tensor,
        labels: Tensor | None = None,
        condition: Tensor | None = None,
        noise: dict[str, Tensor] | None = None,
    ) -> GeneratorOutput:
        """Map z, with shape (B, latent_dim), and sentences to images, with the extras ``half``, ``mean``, ...

        Args:
            z: With shape (B, latent_dim).
            labels: Not used.
            condition: Sentences; see SentenceEncoder.
            noise: ``conditioning``, with shape (B, sentence_dim); None for the mean.
        """
        assert condition is not None
        mean, log_variance = self.moments(self.encoder(condition)).float().chunk(2, 1)
        drawn = mean if noise is None else mean + (log_variance / 2).exp() * noise["conditioning"]
        features, vector = self.features(z, drawn)
        small = self.head(F.leaky_relu(features, SLOPE)).float()
        half = torch.tanh(small)
        corrected = self.correct(F.leaky_relu(self.up2(self.up1(self.look(half), vector), vector), SLOPE)).float()
        images = torch.tanh(F.interpolate(small, scale_factor=2) + corrected)
        return GeneratorOutput(images, extras={"half": half, "mean": mean, "log_variance": log_variance})


class StackGAN(MultiScale):
    r"""Stacked GAN; phases before the game train the first stage alone.

    The vectors that images are generated from are drawn from N(μ(e), σ(e)²), whose divergence from N(0, 1) is a term of
    the generator's loss (Eq. 2).

    Args:
        generator: The two stages.
        discriminator: The discriminators of both.
        objective: Objective of both players.
        optimizer: Functions from parameters to an optimiser, under ``generator`` and ``discriminator``.
        divergence: Weight of the divergence.
        **settings: See TextToImage.
    """

    generator: Generator

    def __init__(
        self,
        generator: Generator,
        discriminator: Discriminators,
        objective: Objective,
        optimizer: Mapping[str, OptimizerFactory],
        divergence: Weight = 2.0,
        **settings: Any,
    ) -> None:
        super().__init__(generator, discriminator, objective, optimizer, **settings)
        self.divergence = divergence

    def sample_noise(self, rng: KeyedRandom) -> dict[str, Tensor] | None:
        """Draw the noise of the conditioning augmentation."""
        return {"conditioning": rng.normal(self.generator.sentence_dim)}

    def generator_only_terms(self, g_pass: GeneratorPass) -> Terms:
        terms, extras = super().generator_only_terms(g_pass), g_pass.generated.extras
        assert extras is not None
        mean, log_variance = extras["mean"], extras["log_variance"]
        divergence = (mean.square() + log_variance.exp() - 1 - log_variance).mean() / 2
        return terms | {"divergence": self.divergence * divergence}
