"""MGAN: several generators, and a classifier of the generator of each fake (Hoang et al., 2018)."""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.bounds import Generators, ImageShape, LatentDim, Weight, Width
from gan.keyed_random import KeyedRandom
from gan.losses.objective import Objective
from gan.models import mlp_gan
from gan.models.gan import GAN
from gan.models.trainable import OptimizerFactory
from gan.nn.conditioning import LabelVector
from gan.nn.layers import maybe_spectral_norm
from gan.types import Batch, DiscriminatorPass, GeneratorInput, Terms

__all__ = ["Discriminator", "Generator", "MultiGAN"]


class Generator(mlp_gan.Generator):
    """K generators that share all layers except the first (Section 3 of the paper); a label is a generator's index.

    Args:
        image_shape: (C, H, W).
        num_generators: Number K of generators.
        latent_dim: Length of z.
        spectral_norm: Whether to divide weights by their largest singular value; the first layers share one.
        **settings: See MLP GAN's.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        num_generators: Generators,
        latent_dim: LatentDim = 100,
        spectral_norm: bool = False,
        **settings: Any,
    ) -> None:
        super().__init__(image_shape, latent_dim, spectral_norm=spectral_norm, **settings)
        self.label = LabelVector(num_generators)
        single = self.hidden[0]  # the first layer of one generator
        assert isinstance(single, nn.Linear)
        self.first = maybe_spectral_norm(nn.Linear(latent_dim, num_generators * single.out_features), spectral_norm)
        self.hidden = self.hidden[1:]

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map z, with shape (B, latent_dim), and labels (see LabelVector) to images, with shape (B, C, H, W).

        A mixture of generators is a mixture of their first layers.
        """
        assert labels is not None
        weights = self.label(labels)
        units = self.first(z).unflatten(1, (weights.shape[1], -1))  # (B, K, units)
        return self.head(self.hidden(torch.einsum("bk,bku->bu", weights.to(units.dtype), units)))


class Discriminator(mlp_gan.Discriminator):
    """MLP GAN's discriminator with a classifier of generators, which shares all layers except the last.

    Args:
        image_shape: (C, H, W).
        num_generators: Number K of generators.
        width: Units of each hidden layer.
        **settings: See MLP GAN's.
    """

    def __init__(
        self, image_shape: ImageShape, num_generators: Generators, width: Width = 512, **settings: Any
    ) -> None:
        super().__init__(image_shape, width, **settings)
        self.classifier = nn.Linear(width, num_generators)


class MultiGAN(GAN):
    r"""Mixture GAN: D, a classifier C, and K generators that are drawn with equal probability.

    D and C minimise D's loss and the cross entropy of C on fakes. The generators minimise their loss and β times the
    same cross entropy, which is smallest if no two generate the same images (Section 3 of the paper, with the weights
    of the authors' code):

    .. math:: L_D + E_k E_z[-\log C_k(G_k(z))], \quad L_G + β E_k E_z[-\log C_k(G_k(z))]

    Generators are passed as classes everywhere; the classes of the data are not used.

    Args:
        generator: Maps (z, labels) to images in [-1, 1], with shape (B, C, H, W).
        discriminator: Maps images to a DiscriminatorOutput; its ``classifier`` maps features to logits, (B, K).
        objective: Objective of both players, without the cross entropy.
        optimizer: Functions from parameters to an optimiser, under ``generator`` and ``discriminator``.
        diversity: β.
        **settings: See GAN; ``num_classes`` is the number K of generators.
    """

    discriminator: Discriminator

    def __init__(
        self,
        generator: nn.Module,
        discriminator: Discriminator,
        objective: Objective,
        optimizer: Mapping[str, OptimizerFactory],
        diversity: Weight = 0.125,
        **settings: Any,
    ) -> None:
        super().__init__(generator, discriminator, objective, optimizer, **settings)
        self.diversity = diversity

    def draw_generator_input(self, batch: Batch, rng: KeyedRandom) -> GeneratorInput:
        """Draw a latent vector and a generator for each image of a batch."""
        inputs = super().draw_generator_input(batch, rng)
        return inputs._replace(labels=self.sample_labels(rng))

    def discriminator_terms(self, d_pass: DiscriminatorPass) -> Terms:
        return super().discriminator_terms(d_pass) | {"classification": self._cross_entropy(d_pass)}

    def generator_terms(self, d_pass: DiscriminatorPass) -> Terms:
        return super().generator_terms(d_pass) | {"classification": self.diversity * self._cross_entropy(d_pass)}

    def _cross_entropy(self, d_pass: DiscriminatorPass) -> Tensor:
        assert d_pass.inputs.labels is not None
        logits = self.discriminator.classifier(d_pass.fake_output.features)
        return F.cross_entropy(logits.float(), d_pass.inputs.labels)
