"""Word embeddings of a text: singular vectors of positive pointwise mutual information (Levy et al., 2015)."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import svds
from torch import Tensor

from gan.errors import UserError

__all__ = ["WordVectors", "embed_words"]

SMOOTHING = 0.75  # exponent of the counts of context words (Levy et al., 2015, Section 3.2)


class WordVectors(NamedTuple):
    """Words of a language, the commonest first, with their vectors.

    Attributes:
        words: N different words.
        vectors: float32, with shape (N, D).
    """

    words: list[str]
    vectors: Tensor


def embed_words(
    lines: Sequence[Sequence[str]], dimension: int, window: int = 5, min_count: int = 5, most: int = 10_000
) -> WordVectors:
    """Embed the words of a text by what stands near them.

    The matrix of positive pointwise mutual information is decomposed; vectors are its left singular vectors, each times
    its singular value.

    Args:
        lines: Words of each line; nothing is near across a line's end.
        dimension: Length D of a vector.
        window: Largest distance of two words that are near; at distance d, a pair counts as 1/d.
        min_count: Occurrences below which a word is left out.
        most: Largest number of words, the commonest ones.

    Raises:
        UserError: If there are too few words for the dimension.
    """
    counts = Counter(word for line in lines for word in line)
    words = sorted((word for word in counts if counts[word] >= min_count), key=lambda word: (-counts[word], word))[
        :most
    ]
    if len(words) <= dimension:
        raise UserError(
            f"{len(words)} words occur {min_count} times or more, which is too few for vectors of length {dimension}"
        )
    numbers = {word: number for number, word in enumerate(words)}
    gap = [-1] * window
    text = np.array([number for line in lines for number in [*(numbers.get(word, -1) for word in line), *gap]])
    shape = (len(words), len(words))
    near = coo_matrix(shape, dtype=np.float64).tocsr()
    for distance in range(1, window + 1):
        left, right = text[:-distance], text[distance:]
        both = (left >= 0) & (right >= 0)
        ones = np.full(int(both.sum()), 1 / distance)
        near = near + coo_matrix((ones, (left[both], right[both])), shape).tocsr()
    near = (near + near.T).tocoo()
    totals = np.asarray(near.sum(1)).ravel()
    context = totals**SMOOTHING / (totals**SMOOTHING).sum()
    information = np.log(near.data / totals[near.row] / context[near.col])
    positive = coo_matrix((information.clip(min=0), (near.row, near.col)), shape).tocsr()
    start = np.random.default_rng(0).standard_normal(len(words))  # otherwise random
    u, scales, _ = svds(positive, dimension, v0=start)
    u, scales = u[:, ::-1], scales[::-1]
    u = u * np.where(u[np.abs(u).argmax(0), np.arange(dimension)] < 0, -1, 1)  # signs are arbitrary
    return WordVectors(words, torch.from_numpy(np.ascontiguousarray(u * scales)).float())
