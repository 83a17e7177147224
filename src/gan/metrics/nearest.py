"""Nearest neighbours among features, a chunk of queries at a time: memory grows with one set, never with both."""

from collections.abc import Iterator

import torch
from torch import Tensor

__all__ = ["nearest", "squared_distances"]


def squared_distances(queries: Tensor, points: Tensor, chunk: int = 512) -> Iterator[Tensor]:
    """Yield the squared Euclidean distances of each chunk of queries, in turn, to all points.

    They come from inner products, |x|² + |y|² - 2 x·y, which is ten times faster than from differences. In float64
    the rounding that this brings is some 1e-15 of the squared norms; in float32 it would hide small distances.

    Args:
        queries: With shape (Q, F).
        points: With shape (N, F).
        chunk: Number of queries C at a time, fewer in the last one.

    Yields:
        Squared distances, float64, with shape (C, N), slightly below zero at times.
    """
    points = points.double()
    norms = points.square().sum(1)
    for rows in queries.split(chunk):
        rows = rows.double()
        yield torch.addmm(norms, rows, points.T, alpha=-2).add_(rows.square().sum(1, keepdim=True))


def nearest(
    queries: Tensor, points: Tensor, k: int, leave_out_self: bool = False, chunk: int = 512
) -> tuple[Tensor, Tensor]:
    """Find the k nearest points of each query.

    Args:
        queries: With shape (Q, F).
        points: With shape (N, F).
        k: Number of neighbours.
        leave_out_self: The queries are the points, and none is its own neighbour; its exact copies are.
        chunk: Number of queries at a time.

    Returns:
        Their distances, float64, ascending, and their indices among the points, int64, each with shape (Q, k).

    Raises:
        ValueError: If there are fewer than k points to choose from.
    """
    if not 1 <= k <= len(points) - leave_out_self:
        raise ValueError(f"k must be between 1 and {len(points) - leave_out_self}, not {k}")
    assert not leave_out_self or len(queries) == len(points)
    found = []
    for start, squares in zip(range(0, len(queries), chunk), squared_distances(queries, points, chunk), strict=True):
        if leave_out_self:
            squares.diagonal(start).fill_(torch.inf)
        found.append(squares.topk(k, largest=False).indices)
    indices = torch.cat(found)
    # From differences once more, so that copies are at zero and the smallest distances are exact.
    exact = [(points[column].double() - queries.double()).norm(dim=1) for column in indices.T]
    distances, order = torch.stack(exact, 1).sort(dim=1, stable=True)
    return distances, indices.gather(1, order)
