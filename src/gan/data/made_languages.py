"""Made languages: vectors in clusters, and their rotated copy with noise."""

import torch
import torch.nn.functional as F

from gan.data.word_embedding import WordVectors
from gan.nn.procrustes import random_rotation

__all__ = ["made_languages"]

CLUSTERS = 12
DISPLACEMENT = 0.03  # standard deviation of a word's change of rank, relative to the number of words


def made_languages(words: int, dimension: int, noise: float, seed: int) -> tuple[WordVectors, WordVectors]:
    """Make two languages whose vectors differ by a rotation, the order of words, and noise.

    Vectors lie in clusters of different sizes and shapes. Words are numbered by their ranks in the source language,
    ``a0`` and ``b0`` being translations, whose ranks differ a little.

    Args:
        words: Number of words N of each.
        dimension: Length D of the vectors.
        noise: Standard deviation of the noise, relative to a vector's length.
        seed: Seed of all random numbers.
    """
    generator = torch.Generator().manual_seed(seed)
    centers = torch.randn(CLUSTERS, dimension, generator=generator)
    widths = 0.3 + torch.rand(CLUSTERS, dimension, generator=generator)
    shares = torch.arange(1, CLUSTERS + 1).float().reciprocal()
    clusters = torch.multinomial(shares, words, replacement=True, generator=generator)
    points = centers[clusters] + widths[clusters] * torch.randn(words, dimension, generator=generator)
    source = F.normalize(points)
    moved = source @ random_rotation(dimension, seed + 1).T
    moved = moved + noise / dimension**0.5 * torch.randn(words, dimension, generator=generator)
    ranks = torch.arange(words) + DISPLACEMENT * words * torch.randn(words, generator=generator)
    order = ranks.argsort()
    target = WordVectors([f"b{index}" for index in order.tolist()], moved[order])
    return WordVectors([f"a{index}" for index in range(words)], source), target
