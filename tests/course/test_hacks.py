"""Chapter on tricks: targets of smoothed labels, sparse gradients, and effects over seeds."""

from math import exp, log

import pytest
import torch
from torch.testing import assert_close

from gan.config import compose_config
from gan.course.hacks import HACKS, LOSSES, TARGETS, best_logit, effect, judged
from gan.course.hacks_runs import NETWORKS, gradients
from gan.losses.adversarial import Minimax
from gan.resolvers import register_resolvers
from tests.course.recipes import sweep_of


@pytest.mark.parametrize(("alpha", "beta"), TARGETS.values())
def test_the_optimal_discriminator_of_smoothed_labels(alpha: float, beta: float) -> None:
    """D* = (α p + β q) / (p + q) for an image that is real with odds p : q (Salimans et al., 2016, Section 3.4)."""
    p, q = 3, 2
    value = best_logit(log(p / q), alpha, beta)
    assert 1 / (1 + exp(-value)) == pytest.approx((alpha * p + beta * q) / (p + q))
    logit, other = torch.tensor([[value], [0.0]], dtype=torch.float64, requires_grad=True)
    loss = Minimax(alpha, beta)
    total = p * loss.discriminator(logit, other) + q * loss.discriminator(other, logit)
    (gradient,) = torch.autograd.grad(total, logit)
    assert gradient.item() == pytest.approx(0, abs=1e-12)


def test_smoothing_fakes_bounds_the_logit_from_below() -> None:
    assert best_logit(-50, 0.9, 0.1) == pytest.approx(-log(9))
    assert best_logit(-50, 0.9, 0.0) < -49
    assert best_logit(50, 0.9, 0.0) == pytest.approx(log(9))


def test_noisy_labels_are_smoothed_ones_on_average() -> None:
    real, fake = torch.randn(2, 100, dtype=torch.float64)
    share, kept, swapped = 0.05, Minimax().discriminator(real, fake), Minimax().discriminator(fake, real)
    assert_close(Minimax(1 - share, share).discriminator(real, fake), (1 - share) * kept + share * swapped)


def test_rectified_and_pooled_units_have_no_gradient() -> None:
    zeros = {hack: gradients(settings, 0)["zeros"] for hack, settings in NETWORKS.items()}
    assert zeros["base"] == pytest.approx(0, abs=0.01)
    assert zeros["relu"] == pytest.approx(0.5, abs=0.15)
    assert zeros["max_pool"] == pytest.approx(0.75, abs=0.02), "of four units, one passes the gradient"
    assert zeros["relu_max_pool"] > zeros["max_pool"]


def test_effects_are_relative_to_the_base() -> None:
    change, error = effect([90, 100, 110], [45, 50, 55])
    assert change == pytest.approx(-50)
    assert error == pytest.approx((100 / 3 + 25 / 3) ** 0.5)
    assert judged([90, 100, 110], [45, 50, 55]) == "better"
    assert judged([45, 50, 55], [90, 100, 110]) == "worse"
    assert judged([90, 100, 110], [91, 101, 111]) == "no difference"


def test_the_sweep_is_over_the_tricks_of_the_page() -> None:
    assert sweep_of("hacks")["experiment/course/hacks"] == ",".join(HACKS)


@pytest.mark.long
@pytest.mark.parametrize("loss", LOSSES)
def test_each_trick_is_the_only_change(loss: str) -> None:
    """Each recipe changes options of the loss or of D, and leaves the rest."""
    register_resolvers()
    options = ["experiment=course/hacks", f"loss={loss}", "name=x", "run_dir=nowhere"]
    base = compose_config("train", options)
    for hack in HACKS:
        config = compose_config("train", [*options, f"experiment/course/hacks={hack}"])
        changed = {key for key in config if config[key] != base[key]}
        assert changed <= {"model", "loss"}
        assert (changed == set()) == (hack == "base")
