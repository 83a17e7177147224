"""The Fréchet distance between two sets' statistics, through torchmetrics (Heusel et al., 2017)."""

import logging
from functools import cache

import torch
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance

from gan.errors import UserError
from gan.metrics.statistics import Statistics

__all__ = ["frechet_distance", "warn_of_few"]

log = logging.getLogger(__name__)


class PrecomputedFeatures(nn.Module):
    """Features as they are, in an extractor's place.

    Args:
        num_features: Their length F.
    """

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    def forward(self, vectors: Tensor) -> Tensor:
        return vectors


def frechet_distance(real: Statistics, fake: Statistics) -> float:
    r"""Return the squared distance of two Gaussians fitted to features (Heusel et al., 2017, Eq. 6), in float64.

    .. math:: |\mu_r - \mu_g|^2 + \mathrm{tr}(C_r + C_g - 2 (C_r C_g)^{1/2})

    It is right to some 1e-8 of the covariances' traces where those lack full rank (constant features, or fewer images
    than features), and to 1e-14 of them otherwise.

    Raises:
        UserError: If a set has fewer than two images, which have no covariance.
    """
    if min(real.count, fake.count) < 2:
        raise UserError(
            f"the Fréchet distance needs at least 2 real and 2 generated images, not {real.count} and {fake.count}"
        )
    assert real.total is not None
    assert real.outer is not None
    assert fake.total is not None
    assert fake.outer is not None
    if (fewer := min(real.count, fake.count)) <= len(real.total):
        warn_of_few(fewer, len(real.total))
    metric = FrechetInceptionDistance(
        PrecomputedFeatures(len(real.total)), sync_on_compute=False
    )  # all ranks' images are there
    nothing = real.total.new_empty(0, len(real.total))
    metric.update(nothing, real=True)  # says that there is something to compute from, and that it is float64
    metric.real_features_sum, metric.real_features_cov_sum = real.total, real.outer
    metric.fake_features_sum, metric.fake_features_cov_sum = fake.total, fake.outer
    metric.real_features_num_samples = torch.tensor(real.count)
    metric.fake_features_num_samples = torch.tensor(fake.count)
    return max(float(metric.compute()), 0.0)  # rounding alone makes it negative


@cache
def warn_of_few(images: int, features: int) -> None:
    """Say, once, that the numbers give no covariance of full rank."""
    log.warning(
        "%s images for %s features: their covariance is singular, and the Fréchet distance is biased upwards",
        f"{images:,}",
        f"{features:,}",
    )
