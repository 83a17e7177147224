"""The bound's two terms against torch's distributions, and the best variance against others."""

import pytest
import torch
from torch.distributions import Normal, kl_divergence
from torch.testing import assert_close

from gan.losses.elbo import ELBO, ROUNDING, divergence, gaussian_cost
from gan.types import GaussianPosterior

IMAGES, RECONSTRUCTIONS = torch.rand(2, 5, 3, 4, 4, generator=torch.Generator().manual_seed(0)) * 2 - 1
NOISE = torch.randn(2, 5, 7, generator=torch.Generator().manual_seed(1))
POSTERIOR = GaussianPosterior(NOISE[0], NOISE[1])


@pytest.mark.parametrize("variance", [0.1, 1.0])
def test_the_cost_is_a_gaussians(variance: float) -> None:
    expected = -Normal(RECONSTRUCTIONS, variance**0.5).log_prob(IMAGES).sum((1, 2, 3)).mean()
    assert_close(gaussian_cost(IMAGES, RECONSTRUCTIONS, variance), expected)


def test_no_variance_is_better_than_the_best() -> None:
    best = float(gaussian_cost(IMAGES, RECONSTRUCTIONS))
    error = float((IMAGES - RECONSTRUCTIONS).square().mean())
    assert best == pytest.approx(float(gaussian_cost(IMAGES, RECONSTRUCTIONS, error)))
    assert all(
        best < float(gaussian_cost(IMAGES, RECONSTRUCTIONS, error * factor)) for factor in (0.8, 0.99, 1.01, 1.2)
    )


def test_the_best_variance_moves_reconstructions_as_a_fixed_one_does() -> None:
    """Its own gradient is zero, being the best; and it ends at the rounding of pixels."""
    moved = RECONSTRUCTIONS.clone().requires_grad_()
    error = float((IMAGES - RECONSTRUCTIONS).square().mean())
    (ours,) = torch.autograd.grad(gaussian_cost(IMAGES, moved), moved)
    (fixed,) = torch.autograd.grad(gaussian_cost(IMAGES, moved, error), moved)
    assert_close(ours, fixed)
    assert_close(gaussian_cost(IMAGES, IMAGES), gaussian_cost(IMAGES, IMAGES, ROUNDING))


def test_the_divergence_is_that_of_gaussians() -> None:
    expected = kl_divergence(Normal(POSTERIOR.mean, (POSTERIOR.log_variance / 2).exp()), Normal(0.0, 1.0))
    assert_close(divergence(POSTERIOR), expected.sum(1).mean())
    assert_close(divergence(GaussianPosterior(torch.zeros(3, 2), torch.zeros(3, 2))), torch.tensor(0.0))


@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_beta_weighs_the_divergence_but_not_the_bound(beta: float) -> None:
    terms, measures = ELBO(beta)(IMAGES, RECONSTRUCTIONS, POSTERIOR)
    assert_close(terms["kl"], beta * divergence(POSTERIOR))
    assert_close(measures["elbo"], -(gaussian_cost(IMAGES, RECONSTRUCTIONS) + divergence(POSTERIOR)))


@pytest.mark.parametrize("settings", [{"beta": -1.0}, {"variance": 0.0}])
def test_wrong_arguments(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        ELBO(**settings)
