"""AttnGAN: an image of half the size, enlarged by attention to the words (Xu et al., 2018)."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.bounds import ImageShape, Width
from gan.models.multi_scale import MultiScale, half_size
from gan.nn.deep_fusion import SLOPE, FusionUpBlock
from gan.nn.fusion_generator import FusionGenerator
from gan.nn.word_attention import WordAttention
from gan.types import GeneratorOutput

__all__ = ["AttnGAN", "Generator"]


class Generator(FusionGenerator):
    """Generator of two sizes with DF-GAN's blocks; each place of the larger image attends to the words.

    Args:
        image_shape: (C, H, W) with H = W, twice a size of 4, 5, 6 or 7 times a power of two.
        width: Channels at half and at whole size.
        sentence_dim: Length of a sentence's and of a word's vector.
        **settings: See FusionGenerator.

    Raises:
        ValueError: If the size does not fit.
    """

    def __init__(self, image_shape: ImageShape, width: Width = 16, sentence_dim: Width = 64, **settings: Any) -> None:
        super().__init__(half_size(image_shape), width=width, sentence_dim=sentence_dim, **settings)
        self.head_half = nn.Conv2d(width, image_shape[0], 3, padding=1)
        self.attention = WordAttention(width, sentence_dim)
        self.join = nn.Conv2d(2 * width, width, 3, padding=1)
        self.up = FusionUpBlock(width, width, self.input_dim)
        self.head = nn.Conv2d(width, image_shape[0], 3, padding=1)

    def forward(self, z: Tensor, labels: Tensor | None = None, condition: Tensor | None = None) -> GeneratorOutput:
        """Map z, with shape (B, latent_dim), and tokens, with shape (B, T), to images, with the extra ``half``."""
        assert condition is not None
        sentence, words, is_word = self.encoder.encode(condition)
        features, vector = self.features(z, sentence)
        half = torch.tanh(self.head_half(F.leaky_relu(features, SLOPE)).float())
        context = self.attention(features, words, is_word)
        larger = self.up(features + self.join(torch.cat([features, context], 1)), vector)
        images = torch.tanh(self.head(F.leaky_relu(larger, SLOPE)).float())
        return GeneratorOutput(images, extras={"half": half})


class AttnGAN(MultiScale):
    """Attentional GAN: two sizes, attention to words, and a matching term; see TextToImage for the arguments.

    The paper's third size is left out, and DAMSM's matching of regions and words: sentences alone are matched with
    images, by D's vectors.
    """
