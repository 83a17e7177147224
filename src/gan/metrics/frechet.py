"""Fréchet distance between features of real and generated images (Heusel et al., 2017): FID on Inception features."""

import logging
from functools import cache
from typing import ClassVar

import torch
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance

from gan.errors import UserError
from gan.metrics.measure import Measure
from gan.metrics.statistics import Need, Statistics

__all__ = ["Frechet", "frechet_distance"]

log = logging.getLogger(__name__)


class Frechet(Measure):
    """Fréchet distance between Gaussians fitted to the features; see ``frechet_distance``."""

    higher_is_better: ClassVar[dict[str, bool]] = {"fd": False}
    needs: ClassVar[frozenset[Need]] = frozenset({"sums"})
    needs_of_real: ClassVar[frozenset[Need]] = needs

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        return {"fd": frechet_distance(real, fake)}


def frechet_distance(real: Statistics, fake: Statistics) -> float:
    r"""Return the squared Fréchet distance between two Gaussians (Heusel et al., 2017, Eq. 6), in float64.

    .. math:: |\mu_r - \mu_g|^2 + \mathrm{tr}(C_r + C_g - 2 (C_r C_g)^{1/2})

    The error is about 1e-14 of the covariances' traces, or 1e-8 if a covariance is singular (constant features, or
    fewer images than features).

    Args:
        real: Statistics with ``sums``.
        fake: Statistics with ``sums``.

    Raises:
        UserError: If a set has fewer than two images, and so no covariance.
    """
    if min(real.count, fake.count) < 2:
        raise UserError(
            f"the Fréchet distance needs at least 2 real and 2 generated images, not {real.count} and {fake.count}"
        )
    num_features = len(real.total)
    if (fewer := min(real.count, fake.count)) <= num_features:
        warn_of_singular_covariance(fewer, num_features)
    metric = FrechetInceptionDistance(_Identity(num_features), sync_on_compute=False)  # sums are of all ranks already
    metric.update(real.total.new_empty(0, num_features), real=True)  # marks the metric as updated, and as float64
    metric.real_features_sum, metric.real_features_cov_sum = real.total, real.outer
    metric.fake_features_sum, metric.fake_features_cov_sum = fake.total, fake.outer
    metric.real_features_num_samples = torch.tensor(real.count)
    metric.fake_features_num_samples = torch.tensor(fake.count)
    return max(float(metric.compute()), 0.0)  # only rounding makes it negative


@cache
def warn_of_singular_covariance(num_images: int, num_features: int) -> None:
    """Warn, once per process, that there are too few images for a covariance of full rank."""
    log.warning(
        "%s images for %s features: their covariance is singular, and the Fréchet distance is biased upwards",
        f"{num_images:,}",
        f"{num_features:,}",
    )


class _Identity(nn.Module):
    """Feature extractor for torchmetrics that returns its input, since features are already computed."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    def forward(self, vectors: Tensor) -> Tensor:
        return vectors
