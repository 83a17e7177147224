"""Evidence lower bound: both terms against torch.distributions, and the optimal variance."""

import pytest
import torch
from torch.distributions import Normal, kl_divergence
from torch.testing import assert_close

from gan.losses.elbo import ELBO, ROUNDING_VARIANCE, gaussian_kl, gaussian_nll
from gan.types import GaussianPosterior

IMAGES, RECONSTRUCTIONS = torch.rand(2, 5, 3, 4, 4, generator=torch.Generator().manual_seed(0)) * 2 - 1
NOISE = torch.randn(2, 5, 7, generator=torch.Generator().manual_seed(1))
POSTERIOR = GaussianPosterior(NOISE[0], NOISE[1])


@pytest.mark.parametrize("variance", [0.1, 1.0])
def test_the_reconstruction_term_is_a_gaussian_likelihood(variance: float) -> None:
    expected = -Normal(RECONSTRUCTIONS, variance**0.5).log_prob(IMAGES).sum((1, 2, 3)).mean()
    assert_close(gaussian_nll(IMAGES, RECONSTRUCTIONS, variance), expected)


def test_the_default_variance_is_optimal() -> None:
    optimum = float(gaussian_nll(IMAGES, RECONSTRUCTIONS))
    error = float((IMAGES - RECONSTRUCTIONS).square().mean())
    assert optimum == pytest.approx(float(gaussian_nll(IMAGES, RECONSTRUCTIONS, error)))
    assert all(
        optimum < float(gaussian_nll(IMAGES, RECONSTRUCTIONS, error * factor)) for factor in (0.8, 0.99, 1.01, 1.2)
    )


def test_the_optimal_variance_has_the_gradient_of_a_fixed_one() -> None:
    """The derivative by the optimal variance is zero; the variance is bounded below by the rounding of pixels."""
    reconstructions = RECONSTRUCTIONS.clone().requires_grad_()
    error = float((IMAGES - RECONSTRUCTIONS).square().mean())
    (ours,) = torch.autograd.grad(gaussian_nll(IMAGES, reconstructions), reconstructions)
    (fixed,) = torch.autograd.grad(gaussian_nll(IMAGES, reconstructions, error), reconstructions)
    assert_close(ours, fixed)
    assert_close(gaussian_nll(IMAGES, IMAGES), gaussian_nll(IMAGES, IMAGES, ROUNDING_VARIANCE))


def test_the_divergence_matches_torch() -> None:
    expected = kl_divergence(Normal(POSTERIOR.mean, (POSTERIOR.log_variance / 2).exp()), Normal(0.0, 1.0))
    assert_close(gaussian_kl(POSTERIOR), expected.sum(1).mean())
    assert_close(gaussian_kl(GaussianPosterior(torch.zeros(3, 2), torch.zeros(3, 2))), torch.tensor(0.0))


@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_beta_weights_the_divergence_and_not_the_bound(beta: float) -> None:
    terms, measures = ELBO(beta)(IMAGES, RECONSTRUCTIONS, POSTERIOR)
    assert_close(terms["kl"], beta * gaussian_kl(POSTERIOR))
    assert_close(measures["elbo"], -(gaussian_nll(IMAGES, RECONSTRUCTIONS) + gaussian_kl(POSTERIOR)))
