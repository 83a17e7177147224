"""Base class of generators of images from sentences with DF-GAN's blocks."""

import torch
from torch import Tensor, nn

from gan.bounds import ImageShape, LatentDim, Length, Vocabulary, Width
from gan.nn.deep_fusion import FusionUpBlock
from gan.nn.resolution import base_and_doublings, channel_counts
from gan.nn.sentence_encoder import SentenceEncoder

__all__ = ["FusionGenerator"]


class FusionGenerator(nn.Module):
    """Sentence encoder, and blocks that scale and shift channels by the sentence and z, and double the resolution.

    Args:
        image_shape: (C, H, W) of the blocks' output, with H = W, of size 4, 5, 6 or 7 times a power of two.
        vocabulary_size: Number of words.
        length: Largest number of words of a sentence.
        latent_dim: Length of z.
        width: Channels of the last block; each earlier block has twice as many, up to 8 * width.
        sentence_dim: Length of a sentence's vector.

    Attributes:
        input_dim: Length of the vector that images are generated from: z and a sentence's vector.

    Raises:
        ValueError: If the size does not fit.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        vocabulary_size: Vocabulary,
        length: Length,
        latent_dim: LatentDim = 100,
        width: Width = 16,
        sentence_dim: Width = 64,
    ) -> None:
        super().__init__()
        base, doublings = base_and_doublings(image_shape[-1])
        widths = channel_counts(width, doublings)[::-1]
        self.input_dim = latent_dim + sentence_dim
        self.encoder = SentenceEncoder(vocabulary_size, length, sentence_dim)
        self.add_conditioning(sentence_dim)
        self.stem = nn.Sequential(
            nn.Linear(self.input_dim, widths[0] * base**2), nn.Unflatten(1, (widths[0], base, base))
        )
        self.blocks = nn.ModuleList(
            FusionUpBlock(before, after, self.input_dim)
            for before, after in zip([widths[0], *widths[:-1]], widths, strict=True)
        )

    def add_conditioning(self, sentence_dim: int) -> None:
        """Add layers between the encoder and the blocks, in the order of a checkpoint; the default has none."""

    def features(self, z: Tensor, sentence: Tensor) -> tuple[Tensor, Tensor]:
        """Map z and sentences to the output of the blocks.

        Args:
            z: With shape (B, latent_dim).
            sentence: Sentences' vectors, with shape (B, sentence_dim).

        Returns:
            Features, with shape (B, width, H, W), and z and sentence as one vector, with shape (B, input_dim).
        """
        vector = torch.cat([z, sentence.to(z.dtype)], 1)
        features = self.stem(vector)
        for block in self.blocks:
            features = block(features, vector)
        return features, vector
