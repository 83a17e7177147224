"""Orthogonal maps between two sets of vectors in closed form: Procrustes, its refinement, and starts without a GAN."""

import torch
import torch.nn.functional as F
from torch import Tensor

from gan.nn.csls import csls_neighbors, mean_csls_cosine, mutual_neighbors

__all__ = ["procrustes", "random_rotation", "refine", "similarity_start"]


def procrustes(source: Tensor, target: Tensor) -> Tensor:
    """Return the orthogonal W that minimises the sum of ‖W x - y‖² (Schönemann, 1966): U Vᵀ of the SVD of Yᵀ X.

    Args:
        source: Vectors x, with shape (P, D).
        target: Their counterparts y, with shape (P, D).

    Returns:
        W, with shape (D, D); vectors as rows are mapped by ``x @ W.T``.
    """
    u, _, v = torch.linalg.svd((target.T @ source).double())
    return (u @ v).to(source)


def refine(
    weight: Tensor, source: Tensor, target: Tensor, iterations: int = 5, words: int = 5000
) -> tuple[Tensor, list[float]]:
    """Refine a map: find mutual nearest neighbours by CSLS, and solve Procrustes for them (Conneau et al., 2018, 2.2).

    Args:
        weight: The map W, with shape (D, D).
        source: Vectors of the source language, the commonest word first, with shape (N, D).
        target: Vectors of the target language, likewise, with shape (M, D).
        iterations: Number of refinements.
        words: Commonest words of each language among which neighbours are sought.

    Returns:
        The map with the best criterion, ``mean_csls_cosine``, and the criterion before and after each iteration.
    """
    source, target = source[:words], target[:words]
    best, criteria = weight, [mean_csls_cosine(source @ weight.T, target)]
    for _ in range(iterations):
        rows, columns = mutual_neighbors(source @ weight.T, target)
        if len(rows) == 0:
            break
        weight = procrustes(source[rows], target[columns])
        criteria.append(mean_csls_cosine(source @ weight.T, target))
        if criteria[-1] >= max(criteria):
            best = weight
    return best, criteria


def random_rotation(dimension: int, seed: int = 0) -> Tensor:
    """Draw an orthogonal matrix uniformly, with shape (D, D)."""
    normal = torch.randn(dimension, dimension, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    q, r = torch.linalg.qr(normal)
    return (q * r.diagonal().sign()).float()


def similarity_start(source: Tensor, target: Tensor, words: int = 4000) -> Tensor:
    """Return a first map without training: words are matched by the distribution of their similarities to others.

    A word's sorted similarities to the words of its own language mean the same in both languages (Artetxe et al., 2018,
    Section 3.2). Similarities are those of the square root of the matrix of cosines, as there.

    Args:
        source: Vectors of the source language, the commonest word first, with shape (N, D).
        target: Vectors of the target language, likewise, with shape (M, D).
        words: Commonest words of each language that are matched.

    Returns:
        W, with shape (D, D).
    """
    size = min(words, len(source), len(target))
    source, target = source[:size], target[:size]
    first, second = (_similarity_profile(vectors) for vectors in (source, target))
    return procrustes(source, target[csls_neighbors(first, second).indices[:, 0]])


def _similarity_profile(vectors: Tensor) -> Tensor:
    """Return each vector's sorted similarities to all, of unit length and mean zero, with shape (N, N)."""
    u, scales, _ = torch.linalg.svd(F.normalize(vectors).double(), full_matrices=False)
    profile = F.normalize(((u * scales) @ u.T).sort(1).values)
    return F.normalize(profile - profile.mean(0)).float()
