"""GAN-CLS and GAN-INT: images from sentences by DCGAN's networks (Reed et al., 2016)."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from gan.bounds import ImageShape, LatentDim, Length, Vocabulary, Weight, Width
from gan.losses.objective import Objective
from gan.models import dcgan
from gan.models.text_to_image import TextToImage, mismatched
from gan.models.trainable import OptimizerFactory
from gan.nn.matching_head import MatchingHead, MatchingOutput
from gan.nn.sentence_encoder import SentenceEncoder
from gan.types import DiscriminatorPass, Terms

__all__ = ["GANCLS", "Discriminator", "Generator"]


class Generator(dcgan.Generator):
    """DCGAN's generator with the sentence's vector appended to z.

    Args:
        image_shape: (C, H, W); see DCGAN's.
        vocabulary_size: Number of words.
        length: Largest number of words of a sentence.
        latent_dim: Length of z.
        sentence_dim: Length of a sentence's vector.
        **settings: See DCGAN's.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        vocabulary_size: Vocabulary,
        length: Length,
        latent_dim: LatentDim = 100,
        sentence_dim: Width = 128,
        **settings: Any,
    ) -> None:
        super().__init__(image_shape, latent_dim + sentence_dim, **settings)
        self.encoder = SentenceEncoder(vocabulary_size, length, sentence_dim)

    def forward(self, z: Tensor, labels: Tensor | None = None, condition: Tensor | None = None) -> Tensor:
        """Map z, with shape (B, latent_dim), and sentences (see SentenceEncoder) to images, with shape (B, C, H, W)."""
        assert condition is not None
        return super().forward(torch.cat([z, self.encoder(condition).to(z.dtype)], 1))


class Discriminator(dcgan.Discriminator):
    """DCGAN's discriminator, whose last features are joined with the sentence.

    Args:
        image_shape: (C, H, W); see DCGAN's.
        vocabulary_size: Number of words.
        length: Largest number of words of a sentence.
        width: Channels of the first layer; see DCGAN's.
        sentence_dim: Length of a sentence's vector.
        **settings: See DCGAN's.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        vocabulary_size: Vocabulary,
        length: Length,
        width: Width = 64,
        sentence_dim: Width = 128,
        **settings: Any,
    ) -> None:
        super().__init__(image_shape, width, **settings)
        self.head = MatchingHead(self.feature_shape, vocabulary_size, length, 2 * width, sentence_dim)

    def forward(  # type: ignore[override]  # the output has fields more
        self, images: Tensor, labels: Tensor | None = None, condition: Tensor | None = None
    ) -> MatchingOutput:
        """Map images, with shape (B, C, H, W), and sentences to logits, features and the sentences' vectors."""
        assert condition is not None
        output: MatchingOutput = self.head(self.layers(images).flatten(1), condition)
        return output


class GANCLS(TextToImage):
    r"""Matching-aware GAN; the generator may also be trained on sentences between two (GAN-INT; Eq. 5).

    .. math:: E[L_G(G(z, (e_1 + e_2) / 2))]

    Args:
        generator: Maps (z, labels, condition) to images; its ``encoder`` encodes sentences.
        discriminator: Maps (images, labels, condition) to a MatchingOutput.
        objective: Objective of both players.
        optimizer: Functions from parameters to an optimiser, under ``generator`` and ``discriminator``.
        interpolated: Weight of the generator's loss on images of the mean of two sentences' vectors; 0 leaves it out.
        **settings: See TextToImage.

    Raises:
        ValueError: If batches are accumulated from parts.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        objective: Objective,
        optimizer: Mapping[str, OptimizerFactory],
        interpolated: Weight = 1.0,
        **settings: Any,
    ) -> None:
        super().__init__(generator, discriminator, objective, optimizer, **settings)
        if self.accumulate > 1 and interpolated:
            raise ValueError(
                f"accumulate={self.accumulate} splits batches, but sentences are joined across whole ones: set "
                "accumulate to 1"
            )
        self.interpolated = interpolated

    def generator_terms(self, d_pass: DiscriminatorPass) -> Terms:
        terms = super().generator_terms(d_pass)
        if not self.interpolated:
            return terms
        one, encoder, head = d_pass.inputs.condition, self.generator.encoder, self.discriminator.head
        assert isinstance(one, Tensor)
        assert isinstance(encoder, SentenceEncoder)
        assert isinstance(head, MatchingHead)
        other = mismatched(one)
        between = (encoder(one) + encoder(other)) / 2
        generated = d_pass.generate(d_pass.inputs._replace(condition=between)).images
        seen = (head.encoder(one) + head.encoder(other)) / 2
        output = self.discriminator(self.discriminator_view(generated, d_pass.rng.clone()), None, condition=seen)
        real = None if d_pass.real_output is None else d_pass.real_output.logits
        loss = self.objective.adversarial.generator(output.logits.float(), real)
        return terms | {"interpolated": self.interpolated * loss}
