"""Precision and recall (Kynkäänniemi et al., 2019), density and coverage (Naeem et al., 2020)."""

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from gan.bounds import PositiveInt
from gan.errors import UserError
from gan.metrics.measure import Measure
from gan.metrics.nearest_neighbors import nearest_neighbors, squared_distances
from gan.metrics.statistics import Need, Statistics

__all__ = ["PRDC"]

CHUNK = 512  # generated images per block of distances


class PRDC(Measure):
    """Scores from balls around each feature vector that reach to its k-th nearest neighbour in the same set.

    - precision: share of generated images within a real image's ball (Kynkäänniemi et al., 2019, Eqs. 1-2);
    - recall: share of real images within a generated image's ball (ibid.);
    - density: mean number of real balls around a generated image, divided by k (Naeem et al., 2020, Eq. 4);
    - coverage: share of real images with a generated image within their ball (Naeem et al., 2020, Eq. 5).

    A point on a ball's boundary is inside for precision and recall, and outside for density and coverage, as in the
    two papers' code.

    Args:
        nearest_k: k; 3 in the first paper, 5 in the second.
        limit: Maximum number of images per set, evenly spaced over it, since time grows with the number of pairs; None
            for all.

    Raises:
        ValueError: If ``limit`` is not above ``nearest_k``.
    """

    higher_is_better: ClassVar[dict[str, bool]] = {"coverage": True, "density": True, "precision": True, "recall": True}
    needs: ClassVar[frozenset[Need]] = frozenset({"vectors"})
    needs_of_real: ClassVar[frozenset[Need]] = needs

    def __init__(self, nearest_k: PositiveInt = 5, limit: PositiveInt | None = 10_000) -> None:
        if limit is not None and limit <= nearest_k:
            raise ValueError(f"limit must be above nearest_k={nearest_k}, not {limit}")
        self.nearest_k, self.limit = nearest_k, limit

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        k = self.nearest_k
        if min(real.count, fake.count) <= k:
            raise UserError(
                f"nearest_k={k} needs more than {k} real and {k} generated images, not {real.count} and {fake.count}"
            )
        real_points, fake_points = self._subset(real.vectors), self._subset(fake.vectors)
        real_balls, fake_balls = _Balls.around(real_points, k), _Balls.around(fake_points, k)
        num_precise = num_inside = 0
        recalled = torch.zeros(len(real_points), dtype=torch.bool)
        covered = torch.zeros(len(real_points), dtype=torch.bool)
        distances = squared_distances(fake_points, real_points, CHUNK)
        for squares, closed_fake in zip(distances, fake_balls.closed.split(CHUNK), strict=True):
            num_precise += int((squares <= real_balls.closed).any(1).sum())
            recalled |= (squares <= closed_fake[:, None]).any(0)
            in_real_ball = squares < real_balls.open
            num_inside += int(in_real_ball.sum())
            covered |= in_real_ball.any(0)
        return {
            "precision": num_precise / len(fake_points),
            "recall": float(recalled.double().mean()),
            "density": num_inside / (k * len(fake_points)),
            "coverage": float(covered.double().mean()),
        }

    def _subset(self, vectors: Tensor) -> Tensor:
        size = min(len(vectors), self.limit or len(vectors))
        return vectors[torch.arange(size) * len(vectors) // size]  # evenly spaced: the first may all be of one class


class _Balls(NamedTuple):
    """Squared radii of balls around points, float64 with shape (N,).

    They are changed by 1e-12 of the squared norms, so that points on a boundary count as inside closed balls, and as
    outside open ones, despite rounding.
    """

    closed: Tensor
    open: Tensor

    @classmethod
    def around(cls, points: Tensor, k: int) -> "_Balls":
        """Return balls that reach to the k-th nearest neighbour of each point."""
        squares = nearest_neighbors(points, points, k, leave_out_self=True)[0][:, -1].square()
        margin = 1e-12 * (squares + points.double().square().sum(1))
        return cls(squares + margin, squares - margin)
