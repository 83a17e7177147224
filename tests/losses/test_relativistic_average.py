"""Relativistic average losses: the paper's formulas written out, and the mean that couples a batch."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from gan.instantiate import check_call
from gan.losses.relativistic_average import RelativisticAverage

REAL, FAKE = torch.tensor([2.0, -1.0, 0.3]), torch.tensor([0.5, -3.0, 1.2])


def log_sigmoid(x: Tensor) -> Tensor:
    return x.sigmoid().log()


Formula = Callable[[Tensor, Tensor], Tensor]
"""A loss as a function of the relative logits of real and of fake images."""

FORMULAS: dict[str, Formula] = {
    "logistic": lambda real, fake: -log_sigmoid(real).mean() - (1 - fake.sigmoid()).log().mean(),
    "least_squares": lambda real, fake: (real - 1).square().mean() + (fake + 1).square().mean(),
    "hinge": lambda real, fake: (1 - real).clamp(min=0).mean() + (1 + fake).clamp(min=0).mean(),
}


@pytest.mark.parametrize(("cost", "formula"), FORMULAS.items())
def test_values(cost: str, formula: Formula) -> None:
    loss, relative_real, relative_fake = RelativisticAverage(cost), REAL - FAKE.mean(), FAKE - REAL.mean()
    assert_close(loss.discriminator(REAL, FAKE), formula(relative_real, relative_fake))
    assert_close(loss.generator(FAKE, REAL), formula(relative_fake, relative_real))


@pytest.mark.parametrize("cost", FORMULAS)
def test_the_generators_gradient_passes_through_the_mean(cost: str) -> None:
    fake = FAKE.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(RelativisticAverage(cost).generator(fake, REAL), fake)
    shifted = [FAKE + 1e-3 * step * torch.eye(3) for step in (1, -1)]
    above, below = ([RelativisticAverage(cost).generator(row, REAL) for row in rows] for rows in shifted)
    assert_close(gradient, (torch.stack(above) - torch.stack(below)) / 2e-3, atol=1e-3, rtol=1e-3)


def test_invalid_arguments() -> None:
    with pytest.raises(ValueError, match="cost=square is not one of logistic, least_squares"):
        check_call(RelativisticAverage, {"cost": "square"}, "loss.adversarial")
    with pytest.raises(ValueError, match="real logits"):
        RelativisticAverage().generator(FAKE)
