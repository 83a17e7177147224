"""Head of discriminators of images and sentences: logits of their match, and vectors of both."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from gan.bounds import Length, Vocabulary, Width
from gan.nn.sentence_encoder import SentenceEncoder

__all__ = ["MatchingHead", "MatchingOutput"]


class MatchingOutput(NamedTuple):
    """Output of a discriminator of images and sentences.

    Attributes:
        logits: Unbounded scores, higher for real images that match their sentences, with shape (B,).
        features: Features of the images alone, with shape (B, F).
        sentence: Vectors of the sentences that the logits are a function of, with shape (B, D).
        image: Vectors of the images that are matched with those of sentences, with shape (B, D).
    """

    logits: Tensor
    features: Tensor
    sentence: Tensor
    image: Tensor


class MatchingHead(nn.Module):
    """Convolutions of an image's features beside a sentence's vector, and the inner product of both.

    The convolutions are those of Reed et al. (2016) and later work, the inner product that of projection discriminators
    (Miyato and Koyama, 2018), by which small networks learn to match sooner.

    Args:
        feature_shape: Shape (C, H, W) of an image's features.
        vocabulary_size: Number of words.
        length: Largest number of words of a sentence.
        hidden: Channels between the two convolutions.
        sentence_dim: Length of a sentence's vector.
    """

    def __init__(
        self,
        feature_shape: tuple[int, int, int],
        vocabulary_size: Vocabulary,
        length: Length,
        hidden: Width,
        sentence_dim: Width,
    ) -> None:
        super().__init__()
        channels, height, width = feature_shape
        self.feature_shape = feature_shape
        self.encoder = SentenceEncoder(vocabulary_size, length, sentence_dim)
        self.image = nn.Linear(channels * height * width, sentence_dim)
        self.joint = nn.Sequential(
            nn.Conv2d(channels + sentence_dim, hidden, 3, padding=1, bias=False),
            nn.LeakyReLU(0.2),
            nn.Conv2d(hidden, 1, (height, width), bias=False),
        )

    def forward(self, features: Tensor, condition: Tensor) -> MatchingOutput:
        """Map features, with shape (B, F), and sentences (see SentenceEncoder) to an output."""
        sentence, image = self.encoder(condition), self.image(features)
        return MatchingOutput(self._logits(features, image, sentence), features, sentence, image)

    def logits(self, features: Tensor, condition: Tensor) -> Tensor:
        """Return the logits alone, with shape (B,)."""
        return self._logits(features, self.image(features), self.encoder(condition))

    def _logits(self, features: Tensor, image: Tensor, sentence: Tensor) -> Tensor:
        planes = sentence.to(features.dtype)[:, :, None, None].expand(-1, -1, *self.feature_shape[1:])
        joint = torch.cat([features.unflatten(1, self.feature_shape), planes], 1)
        return self.joint(joint).flatten() + (image * sentence).mean(1)
