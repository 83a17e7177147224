"""DF-GAN: images from sentences in one stage, by deep fusion of text (Tao et al., 2022)."""

from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.bounds import ImageShape, Length, Vocabulary, Width
from gan.models.text_to_image import TextToImage
from gan.nn.deep_fusion import SLOPE, FusionDownBlock
from gan.nn.fusion_generator import FusionGenerator
from gan.nn.matching_head import MatchingHead, MatchingOutput
from gan.nn.resolution import base_and_doublings, channel_counts

__all__ = ["DFGAN", "Discriminator", "Generator"]


class Generator(FusionGenerator):
    """Generator of one stage, with the sentence fused into each block.

    Args:
        image_shape: (C, H, W) with H = W, of size 4, 5, 6 or 7 times a power of two.
        width: Channels of the last block; each earlier block has twice as many, up to 8 * width.
        **settings: See FusionGenerator.

    Raises:
        ValueError: If the size does not fit.
    """

    def __init__(self, image_shape: ImageShape, width: Width = 32, **settings: Any) -> None:
        super().__init__(image_shape, width=width, **settings)
        self.head = nn.Conv2d(width, image_shape[0], 3, padding=1)

    def forward(self, z: Tensor, labels: Tensor | None = None, condition: Tensor | None = None) -> Tensor:
        """Map z, with shape (B, latent_dim), and sentences (see SentenceEncoder) to images, with shape (B, C, H, W)."""
        assert condition is not None
        features, _ = self.features(z, self.encoder(condition))
        pixels = self.head(F.leaky_relu(features, SLOPE))
        return torch.tanh(pixels.float())  # in half precision it is flat at a distance of 4, such as on black images


class Discriminator(nn.Module):
    """Discriminator that halves the resolution in each block, and then joins the sentence ("one-way output").

    Args:
        image_shape: (C, H, W) with H = W, of size 4, 5, 6 or 7 times a power of two.
        vocabulary_size: Number of words.
        length: Largest number of words of a sentence.
        width: Channels of the first layer; each block has twice as many as that before, up to 8 * width.
        sentence_dim: Length of a sentence's vector.

    Raises:
        ValueError: If the size does not fit.
    """

    batch_independent = True

    def __init__(
        self,
        image_shape: ImageShape,
        vocabulary_size: Vocabulary,
        length: Length,
        width: Width = 32,
        sentence_dim: Width = 64,
    ) -> None:
        super().__init__()
        base, halvings = base_and_doublings(image_shape[-1])
        widths = channel_counts(width, halvings + 1)
        self.blocks = nn.Sequential(
            nn.Conv2d(image_shape[0], widths[0], 3, padding=1),
            *(FusionDownBlock(before, after) for before, after in pairwise(widths)),
            nn.Flatten(),
        )
        feature_shape = (widths[-1], base, base)
        self.head = MatchingHead(feature_shape, vocabulary_size, length, 2 * width, sentence_dim)

    def forward(self, images: Tensor, labels: Tensor | None = None, condition: Tensor | None = None) -> MatchingOutput:
        """Map images, with shape (B, C, H, W), and sentences to logits, features and the sentences' vectors."""
        assert condition is not None
        output: MatchingOutput = self.head(self.blocks(images), condition)
        return output


class DFGAN(TextToImage):
    """Deep fusion GAN; see TextToImage for the arguments."""
