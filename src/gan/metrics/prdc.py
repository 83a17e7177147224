"""Precision and recall (Kynkäänniemi et al., 2019), density and coverage (Naeem et al., 2020)."""

from typing import ClassVar

import torch
from torch import Tensor

from gan.errors import UserError
from gan.metrics.measure import Measure
from gan.metrics.nearest import nearest, squared_distances
from gan.metrics.statistics import Need, Statistics

__all__ = ["PRDC"]


def balls(points: Tensor, k: int) -> Tensor:
    """Return the squared radius of each point's ball, to its k-th nearest other point, float64, with shape (N,).

    It is less by 1e-12 of the squared norms, so that whoever lies on the boundary is outside, whatever the rounding.
    """
    radii = nearest(points, points, k, leave_out_self=True)[0][:, -1].square()
    return radii - 1e-12 * (radii + points.double().square().sum(1))


class PRDC(Measure):
    """What lies within the balls that reach from each image of a set to its k-th nearest other.

    - precision: share of generated images within a real one's ball (Kynkäänniemi et al., 2019, Eqs. 1-2);
    - recall: share of real images within a generated one's ball (the same);
    - density: number of real balls around a generated image, over k, in the mean (Naeem et al., 2020, Eq. 4);
    - coverage: share of real images with a generated one within their ball (Naeem et al., 2020, Eq. 5).

    Args:
        nearest_k: k; 3 in the first paper, 5 in the second.
        limit: Images of each set that are looked at, evenly spread over it, since all are compared with all; None for
            all.

    Raises:
        ValueError: If k is below one, or the limit not above it.
    """

    higher_is_better: ClassVar[dict[str, bool]] = {"coverage": True, "density": True, "precision": True, "recall": True}
    needs: ClassVar[frozenset[Need]] = frozenset({"vectors"})
    needs_of_real: ClassVar[frozenset[Need]] = needs

    def __init__(self, nearest_k: int = 5, limit: int | None = 10_000) -> None:
        if nearest_k < 1:
            raise ValueError(f"nearest_k must be at least 1, not {nearest_k}")
        if limit is not None and limit <= nearest_k:
            raise ValueError(f"limit must be above nearest_k={nearest_k}, not {limit}")
        self.nearest_k, self.limit = nearest_k, limit

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        k = self.nearest_k
        if min(real.count, fake.count) <= k:
            raise UserError(
                f"nearest_k={k} needs more than {k} real and {k} generated images, not {real.count} and {fake.count}"
            )
        assert real.vectors is not None
        assert fake.vectors is not None
        real_points, fake_points = self._some(real.vectors), self._some(fake.vectors)
        real_balls, fake_balls = balls(real_points, k), balls(fake_points, k)
        precise = inside = 0
        recalled = torch.zeros(len(real_points), dtype=torch.bool)
        covered = torch.zeros(len(real_points), dtype=torch.bool)
        chunk = 512
        distances = squared_distances(fake_points, real_points, chunk)
        for squares, fake_radii in zip(distances, fake_balls.split(chunk), strict=True):
            in_real = squares < real_balls
            precise += int(in_real.any(1).sum())
            inside += int(in_real.sum())
            covered |= in_real.any(0)
            recalled |= (squares < fake_radii[:, None]).any(0)
        return {
            "precision": precise / len(fake_points),
            "recall": float(recalled.double().mean()),
            "density": inside / (k * len(fake_points)),
            "coverage": float(covered.double().mean()),
        }

    def _some(self, vectors: Tensor) -> Tensor:
        number = min(len(vectors), self.limit or len(vectors))
        return vectors[torch.arange(number) * len(vectors) // number]  # the first ones may be of one class
