"""Base class of measures that compare the mean of a number per image between generated and real images."""

from typing import ClassVar

from gan.errors import UserError
from gan.metrics.measure import Measure
from gan.metrics.statistics import Need, PixelStatistic, Statistics

__all__ = ["RelativeMean"]


class RelativeMean(Measure):
    """Mean of a pixel statistic over generated images, divided by that over real images.

    The scores are the ratio, which should be close to 1, and the two means. Subclasses define:

    Attributes:
        ratio: Name of the ratio.
        statistic: The number of each image, with shape (B,).
    """

    ratio: ClassVar[str]
    statistic: ClassVar[PixelStatistic]
    named_after_features: ClassVar[bool] = False

    @property
    def higher_is_better(self) -> dict[str, bool]:
        name = self.statistic.name
        return dict.fromkeys((self.ratio, name, f"{name}_real"), True)

    @property
    def needs(self) -> frozenset[Need]:
        return frozenset({self.statistic})

    @property
    def needs_of_real(self) -> frozenset[Need]:
        return self.needs

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        ratio, name, name_real = self.higher_is_better
        real_mean, fake_mean = (float(x.tensors[self.statistic.name].double().mean()) for x in (real, fake))
        if not real_mean > 0:
            raise UserError(f"the real images are flat or grey, and have no {ratio} to compare with")
        return {ratio: fake_mean / real_mean, name: fake_mean, name_real: real_mean}
