"""Chapter 1: quadrature on the line against closed forms, and counts that are read off its tables."""

from math import exp, log, pi, sqrt

import pytest
import torch
from pandas import DataFrame

from gan.course.densities import LINE, Mixture, integrate, jensen_shannon, optimal_logit, value
from gan.course.game import digits_blocks
from gan.course.game_runs import REAL, cell_js, histogram, play, train_discriminator

NORMAL = Mixture((1.0,), (0.0,), (1.0,))


def test_densities_integrate_to_one() -> None:
    for density in (NORMAL, REAL, REAL.shifted(4.0)):
        assert integrate(density.density(LINE)) == pytest.approx(1, abs=1e-9)
    assert float(NORMAL.density(torch.tensor(1.0, dtype=torch.float64))) == pytest.approx(exp(-0.5) / sqrt(2 * pi))


def test_samples_have_the_moments_of_the_density() -> None:
    points = REAL.sample(100_000, torch.Generator().manual_seed(0))
    mean = integrate(LINE * REAL.density(LINE))
    assert float(points.mean()) == pytest.approx(mean, abs=0.02)
    assert float(points.var()) == pytest.approx(integrate((LINE - mean).square() * REAL.density(LINE)), abs=0.02)


def test_log_ratio_of_equal_gaussians_is_linear() -> None:
    x = torch.tensor([-1.0, 0.5, 2.0], dtype=torch.float64)
    torch.testing.assert_close(optimal_logit(NORMAL, NORMAL.shifted(3.0), x), -3 * x + 4.5)


def test_value_is_that_of_the_theorem() -> None:
    for shift in (0.0, 1.0, 3.0):
        fake = REAL.shifted(shift)
        best = value(optimal_logit(REAL, fake, LINE), REAL, fake)
        assert best == pytest.approx(2 * jensen_shannon(REAL, fake) - log(4), abs=1e-9)
        assert value(0.9 * optimal_logit(REAL, fake, LINE) + 0.1, REAL, fake) < best
    assert jensen_shannon(REAL, REAL) == pytest.approx(0, abs=1e-12)
    assert jensen_shannon(NORMAL.shifted(-5), NORMAL.shifted(5)) == pytest.approx(log(2), abs=1e-5)


def test_divergence_over_cells() -> None:
    points = REAL.sample(100_000, torch.Generator().manual_seed(0))
    assert float(histogram(points).sum() * 0.08) == pytest.approx(1)
    assert cell_js(points) == pytest.approx(0, abs=1e-3)
    assert cell_js(points + 1.0) == pytest.approx(jensen_shannon(REAL, REAL.shifted(1.0)), abs=5e-3)


def test_table_of_two_variables() -> None:
    table = DataFrame([{"digit": 0, "none": 3, "some": 1, "full": 0}, {"digit": 1, "none": 0, "some": 2, "full": 4}])
    filled = digits_blocks(table)
    assert "| digit 1 | 0.000 | 0.200 | 0.400 |" in filled["joint"]
    assert "| digit 1 | 0.000 | 0.667 | 1.000 |" in filled["conditional"]
    assert "90.0%" in filled["conditional"]
    assert "| $D^*(x)$ | 0.474 | 0.474 | 0.545 |" in filled["margin"]


def test_discriminators_train_on_given_points() -> None:
    _, (real, fake) = train_discriminator(REAL, REAL, seed=0, steps=2, points=7)
    assert real.shape == fake.shape == (7,)


def test_play_yields_both_players() -> None:
    assert [step for step, *_ in play(seed=0, steps=4, every=2)] == [0, 2, 4]
