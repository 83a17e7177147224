"""The Fréchet distance between features of real and of generated images: FID where the features are Inception's."""

from typing import ClassVar

from gan.metrics.frechet_distance import frechet_distance
from gan.metrics.measure import Measure
from gan.metrics.statistics import Need, Statistics

__all__ = ["Frechet"]


class Frechet(Measure):
    r"""Distance of two Gaussians fitted to features (Heusel et al., 2017, Eq. 6).

    .. math:: |\mu_r - \mu_g|^2 + \mathrm{tr}(C_r + C_g - 2 (C_r C_g)^{1/2})
    """

    higher_is_better: ClassVar[dict[str, bool]] = {"fd": False}
    needs: ClassVar[frozenset[Need]] = frozenset({"sums"})
    needs_of_real: ClassVar[frozenset[Need]] = needs

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        return {"fd": frechet_distance(real, fake)}
