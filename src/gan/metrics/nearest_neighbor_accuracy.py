"""Two-sample test by nearest neighbours: can they tell real from generated images? (Lopez-Paz and Oquab, 2017)."""

from typing import ClassVar

import torch
from torch import Tensor

from gan.bounds import AtLeastTwo
from gan.errors import UserError
from gan.metrics.measure import Measure
from gan.metrics.nearest_neighbors import nearest_neighbors
from gan.metrics.statistics import Need, Statistics

__all__ = ["NearestNeighborAccuracy"]


class NearestNeighborAccuracy(Measure):
    """Leave-one-out accuracy of the 1-nearest-neighbour classifier of real against generated images (Xu et al., 2018).

    Each image is assigned to the set of its nearest neighbour among all others, real and generated, as many of each.
    For equal distributions the accuracy is 1/2 in expectation. It is 1 for sets that lie apart, and below 1/2 if the
    nearest neighbour of an image is from the other set, as for copies of real images. An image whose neighbours in both
    sets are at the same distance counts half.

    The scores are the distance of the accuracy from 1/2, by which runs are compared, the accuracy, and those of real
    and of generated images. A low accuracy of real images alone means that real images have generated neighbours, and a
    high one of generated images alone that these huddle together: mode collapse.

    Args:
        limit: Maximum number of images per set, evenly spaced over it, since time grows with the number of pairs; None
            for all that both sets have.
    """

    higher_is_better: ClassVar[dict[str, bool]] = {
        "nn_deviation": False,
        "nn_accuracy": False,
        "nn_accuracy_real": False,
        "nn_accuracy_fake": False,
    }
    needs: ClassVar[frozenset[Need]] = frozenset({"vectors"})
    needs_of_real: ClassVar[frozenset[Need]] = needs

    def __init__(self, limit: AtLeastTwo | None = 10_000) -> None:
        self.limit = limit

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        size = min(real.count, fake.count, self.limit or real.count)
        if size < 2:
            raise UserError(
                f"the nearest-neighbour accuracy needs at least 2 real and 2 generated images, not {real.count} and "
                f"{fake.count}"
            )
        real_points, fake_points = (_evenly_spaced(x.vectors, size) for x in (real, fake))
        of_real, of_fake = _accuracy(real_points, fake_points), _accuracy(fake_points, real_points)
        accuracy = (of_real + of_fake) / 2
        return {
            "nn_deviation": abs(accuracy - 0.5),
            "nn_accuracy": accuracy,
            "nn_accuracy_real": of_real,
            "nn_accuracy_fake": of_fake,
        }


def _accuracy(points: Tensor, others: Tensor) -> float:
    """Return the share of points that are nearer to another point of their own set than to the other set."""
    own = nearest_neighbors(points, points, 1, leave_out_self=True)[0][:, 0]
    other = nearest_neighbors(points, others, 1)[0][:, 0]
    return float(((own < other).double() + (own == other).double() / 2).mean())


def _evenly_spaced(vectors: Tensor, size: int) -> Tensor:
    return vectors[torch.arange(size) * len(vectors) // size]  # the first may all be of one class
