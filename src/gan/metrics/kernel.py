"""Kernel distance between features of real and generated images: KID on Inception features."""

import warnings
from typing import Annotated, ClassVar

from annotated_types import Ge, Le
from torch import nn
from torchmetrics.image.kid import KernelInceptionDistance

from gan.bounds import SampleCount
from gan.errors import UserError
from gan.keyed_random import temporary_seed
from gan.metrics.measure import Measure
from gan.metrics.statistics import Need, Statistics

__all__ = ["Kernel"]


class Kernel(Measure):
    """Unbiased squared MMD with the kernel k(x, y) = (x·y / F + 1)³ (Bińkowski et al., 2018, Section 4).

    The scores are its mean and standard deviation over random subsets. For equal distributions the mean is close to
    zero, and may be negative.

    Args:
        subsets: Number of random subsets.
        subset_size: Images per subset, of each set; at most as many as the smaller set has.
    """

    higher_is_better: ClassVar[dict[str, bool]] = {"kd": False, "kd_std": False}
    needs: ClassVar[frozenset[Need]] = frozenset({"vectors"})
    needs_of_real: ClassVar[frozenset[Need]] = needs

    def __init__(self, subsets: Annotated[int, Ge(1), Le(100_000)] = 100, subset_size: SampleCount = 1000) -> None:
        self.subsets, self.subset_size = subsets, subset_size

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        if min(real.count, fake.count) < 2:
            raise UserError(
                f"the kernel distance needs at least 2 real and 2 generated images, not {real.count} and {fake.count}"
            )
        size = min(self.subset_size, real.count, fake.count)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Metric `Kernel Inception Distance` will save all extracted features")
            metric = KernelInceptionDistance(nn.Identity(), self.subsets, size, sync_on_compute=False)
        # in float64, since the score is a small difference of large sums
        metric.update(real.vectors.double(), real=True)
        metric.update(fake.vectors.double(), real=False)
        with temporary_seed(0):  # torchmetrics draws the subsets
            mean, deviation = metric.compute()
        return {"kd": float(mean), "kd_std": float(deviation)}
