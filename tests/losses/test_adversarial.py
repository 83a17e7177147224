"""Adversarial losses: values computed by hand, gradients, and measures."""

from math import exp, log

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from gan.losses.adversarial import (
    AdversarialLoss,
    Hinge,
    LeastSquares,
    Minimax,
    NonSaturating,
    Relativistic,
    Wasserstein,
)

LOSSES = [Minimax(), NonSaturating(), LeastSquares(), Hinge(), Wasserstein(), Relativistic()]
REAL, FAKE = torch.tensor([2.0, -1.0]), torch.tensor([0.5, -3.0])


def softplus(x: float) -> float:
    return log(1 + exp(x))


@pytest.mark.parametrize(
    ("loss", "discriminator", "generator"),
    [
        (
            Minimax(),
            (softplus(-2) + softplus(1)) / 2 + (softplus(0.5) + softplus(-3)) / 2,
            -(softplus(0.5) + softplus(-3)) / 2,
        ),
        (
            NonSaturating(),
            (softplus(-2) + softplus(1)) / 2 + (softplus(0.5) + softplus(-3)) / 2,
            (softplus(-0.5) + softplus(3)) / 2,
        ),
        (LeastSquares(), ((1 + 4) / 2 + (0.25 + 9) / 2) / 2, (0.25 + 16) / 2 / 2),
        (Hinge(), (0 + 2) / 2 + (1.5 + 0) / 2, 1.25),
        (Wasserstein(), -1.25 - 0.5, 1.25),
        (Relativistic(), (softplus(-1.5) + softplus(-2)) / 2, (softplus(1.5) + softplus(2)) / 2),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, AdversarialLoss) else "",
)
def test_values(loss: AdversarialLoss, discriminator: float, generator: float) -> None:
    assert_close(loss.discriminator(REAL, FAKE), torch.tensor(discriminator))
    assert_close(loss.generator(FAKE, REAL if loss.pairs_real else None), torch.tensor(generator))


@pytest.mark.parametrize("loss", [Minimax(), Wasserstein()], ids=lambda loss: type(loss).__name__)
def test_players_of_a_zero_sum_game_share_its_value(loss: AdversarialLoss) -> None:
    """Given the real logits, as a D that is a function of G needs them, G's loss is the whole value."""
    assert_close(loss.generator(FAKE, REAL), -loss.discriminator(REAL, FAKE))


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
def test_gradients_have_opposite_signs_for_the_players(loss: AdversarialLoss) -> None:
    real, fake = torch.tensor([0.5, -1.0], requires_grad=True), torch.tensor([0.4, 0.9], requires_grad=True)
    real_gradient, fake_gradient = torch.autograd.grad(loss.discriminator(real, fake), (real, fake))
    assert (real_gradient <= 0).all(), "D raises real logits"
    assert (fake_gradient >= 0).all(), "D lowers fake logits"
    (generator_gradient,) = torch.autograd.grad(loss.generator(fake, real), fake)
    assert (generator_gradient < 0).all(), "G raises fake logits"


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
@pytest.mark.parametrize("size", [1e4, -1e4])
def test_losses_of_large_logits_are_finite(loss: AdversarialLoss, size: float) -> None:
    real, fake = torch.full((3,), size), torch.full((3,), -size)
    assert loss.discriminator(real, fake).isfinite()
    assert loss.generator(fake, real).isfinite()


def test_the_value_at_the_equilibrium_is_minus_log_4() -> None:
    for loss in (Minimax(), NonSaturating()):
        measures = loss.measures(torch.zeros(5), torch.zeros(5))
        assert_close(measures, {"value": torch.tensor(-log(4)), "js": torch.tensor(0.0)})
        assert_close(loss.discriminator(torch.zeros(5), torch.zeros(5)), -measures["value"])


def test_measures_of_a_perfect_discriminator() -> None:
    """Disjoint distributions have the largest Jensen-Shannon divergence, log 2."""
    measures = NonSaturating().measures(torch.full((5,), 100.0), torch.full((5,), -100.0))
    assert_close(measures, {"value": torch.tensor(0.0), "js": torch.tensor(log(2))})


def test_the_wasserstein_estimate_is_the_difference_of_means() -> None:
    assert_close(Wasserstein().measures(REAL, FAKE), {"wasserstein": torch.tensor(0.5 + 1.25)})
    assert_close(Wasserstein().measures(REAL, FAKE)["wasserstein"], -Wasserstein().discriminator(REAL, FAKE))


def test_an_optimal_discriminator_measures_the_jensen_shannon_divergence() -> None:
    """Goodfellow et al. (2014), Theorem 1: V = -log 4 + 2 JSD, on two distributions over two points."""
    p, q = torch.tensor([0.8, 0.2]), torch.tensor([0.3, 0.7])
    logits = torch.log(p / q)
    real, fake = logits.repeat_interleave((10 * p).long()), logits.repeat_interleave((10 * q).long())
    middle = (p + q) / 2
    divergence = (p * (p / middle).log() + q * (q / middle).log()).sum() / 2
    assert_close(NonSaturating().measures(real, fake), {"value": -log(4) + 2 * divergence, "js": divergence})


def test_minimax_saturates_and_non_saturating_does_not() -> None:
    fake = torch.tensor([-10.0], requires_grad=True)
    (saturating,) = torch.autograd.grad(Minimax().generator(fake), fake)
    (non_saturating,) = torch.autograd.grad(NonSaturating().generator(fake), fake)
    assert_close(saturating, torch.tensor([-1 / (1 + exp(10))]))
    assert_close(non_saturating, torch.tensor([-1 / (1 + exp(-10))]))


@pytest.mark.parametrize(("real_label", "fake_label"), [(0.9, 0.0), (0.9, 0.1)])
def test_smoothed_labels_shift_the_optimum(real_label: float, fake_label: float) -> None:
    """The gradient is zero at sigmoid(logit) = label."""
    loss = NonSaturating(real_label, fake_label)
    real = torch.logit(torch.full((4,), real_label)).requires_grad_()
    (gradient,) = torch.autograd.grad(loss.discriminator(real, torch.full((4,), -2.0)), real)
    assert_close(gradient, torch.zeros(4), atol=1e-7, rtol=0)
    expected = softplus(2.0) - real_label * 2.0 + softplus(-1.0) - fake_label * -1.0
    assert_close(loss.discriminator(torch.tensor([2.0]), torch.tensor([-1.0])), torch.tensor(expected))


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
def test_the_boundary_separates_well_classified_logits(loss: AdversarialLoss) -> None:
    real, fake = torch.full((3,), 2.0), torch.full((3,), -2.0)
    boundary: Tensor = loss.boundary(real, fake)
    assert (fake < boundary).all()
    assert (real > boundary).all()


def test_invalid_arguments() -> None:
    with pytest.raises(ValueError, match="real logits"):
        Relativistic().generator(FAKE)
    with pytest.raises(ValueError, match=r"fake_label=0\.9 must be below real_label=0\.1"):
        Minimax(real_label=0.1, fake_label=0.9)
    with pytest.raises(ValueError, match=r"fake_label=1\.0 must be below"):
        LeastSquares(real_label=0.0, fake_label=1.0)
