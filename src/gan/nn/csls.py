"""Cross-domain similarity local scaling (CSLS; Conneau et al., 2018, Section 2.3), and what is found by it.

CSLS(x, y) = 2 cos(x, y) - r(x) - r(y), where r is a vector's mean cosine with its nearest neighbours of the other side.
It makes vectors that are near to everything, hubs, less likely neighbours.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["NEIGHBORS", "Neighbors", "csls_neighbors", "mean_csls_cosine", "mean_similarity", "mutual_neighbors"]

NEIGHBORS = 10  # vectors of the other side that a mean is over
CHUNK = 2**23  # similarities in memory at once


class Neighbors(NamedTuple):
    """Nearest vectors of the other side, nearest first.

    Attributes:
        scores: CSLS, with shape (N, num).
        indices: int64, with shape (N, num).
    """

    scores: Tensor
    indices: Tensor


def mean_similarity(vectors: Tensor, others: Tensor, k: int = NEIGHBORS) -> Tensor:
    """Return each vector's mean cosine with its ``k`` nearest others, with shape (N,).

    Args:
        vectors: With shape (N, D).
        others: With shape (M, D).
        k: Number of neighbours, at most M of which there are.
    """
    vectors, others = F.normalize(vectors), F.normalize(others)
    parts = vectors.split(max(1, CHUNK // len(others)))
    return torch.cat([(part @ others.T).topk(min(k, len(others))).values.mean(1) for part in parts])


def csls_neighbors(
    queries: Tensor, keys: Tensor, num: int = 1, k: int = NEIGHBORS, everything: Tensor | None = None
) -> Neighbors:
    """Find the keys that are nearest to each query by CSLS.

    Args:
        queries: With shape (N, D).
        keys: With shape (M, D).
        num: Number of neighbours, at most M.
        k: Neighbours that a mean cosine is over.
        everything: All vectors that the queries are some of, by which the keys' means are; None for the queries.
    """
    keys_mean = mean_similarity(keys, queries if everything is None else everything, k)
    queries, keys = F.normalize(queries), F.normalize(keys)
    scores, indices = [], []
    for part in queries.split(max(1, CHUNK // len(keys))):
        cosine = part @ keys.T
        own_mean = cosine.topk(min(k, len(keys))).values.mean(1, keepdim=True)
        found = (2 * cosine - own_mean - keys_mean).topk(num)
        scores.append(found.values)
        indices.append(found.indices)
    return Neighbors(torch.cat(scores), torch.cat(indices))


def mutual_neighbors(source: Tensor, target: Tensor, k: int = NEIGHBORS) -> tuple[Tensor, Tensor]:
    """Return the pairs that are each other's nearest neighbour by CSLS, as indices, both int64 with shape (P,)."""
    forward = csls_neighbors(source, target, 1, k).indices[:, 0]
    backward = csls_neighbors(target, source, 1, k).indices[:, 0]
    own = torch.arange(len(source), device=source.device)
    kept = backward[forward] == own
    return own[kept], forward[kept]


def mean_csls_cosine(source: Tensor, target: Tensor, k: int = NEIGHBORS, everything: Tensor | None = None) -> float:
    """Return the mean cosine of vectors with their nearest ones by CSLS: a criterion that needs no labels (Section 3).

    Args:
        source: Mapped vectors of the commonest words, with shape (N, D).
        target: With shape (M, D).
        k: Neighbours that a mean cosine is over.
        everything: All mapped vectors; None for the commonest words alone.
    """
    nearest = csls_neighbors(source, target, 1, k, everything).indices[:, 0]
    return float(F.cosine_similarity(source, target[nearest]).double().mean())
