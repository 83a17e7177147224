"""Two-sample test by nearest neighbours (Lopez-Paz and Oquab, 2017)."""

from typing import ClassVar

import torch

from gan.metrics.measure import Measure
from gan.metrics.nearest_neighbors import flatten_pixels, nearest_neighbors
from gan.metrics.statistics import Need, PixelStatistic, Statistics

__all__ = ["TwoSample"]

PIXELS = PixelStatistic("raw_pixels", flatten_pixels)


class TwoSample(Measure):
    """Accuracy with which the nearest neighbour of an image among all others, by raw pixels, tells real from fake.

    It is 1/2 if real and generated images are alike.

    Args:
        limit: Images of each kind.
    """

    higher_is_better: ClassVar[dict[str, bool]] = {"two_sample": False}
    needs: ClassVar[frozenset[Need]] = frozenset({PIXELS})
    needs_of_real: ClassVar[frozenset[Need]] = needs
    named_after_features: ClassVar[bool] = False

    def __init__(self, limit: int = 500) -> None:
        self.limit = limit

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        sets = [statistics.tensors[PIXELS.name] for statistics in (real, fake)]
        num = min(self.limit, *map(len, sets))
        points = torch.cat([pixels[:num] for pixels in sets])
        is_real = torch.arange(2 * num) < num
        _, indices = nearest_neighbors(points, points, 1, leave_out_self=True)
        return {"two_sample": float((is_real[indices[:, 0]] == is_real).float().mean())}
