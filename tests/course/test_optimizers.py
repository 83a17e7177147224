"""Bilinear game: each method contracts, rotates or grows as its closed form says."""

from math import hypot

import numpy as np
import pytest
from torch.testing import assert_close

from gan.config import compose_config
from gan.course.bilinear import METHODS, RATE, alternating_factor, averages, play
from gan.course.optimizers import MULTIPLES, OPTIMIZERS
from tests.course.recipes import sweep_of


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if method.factor is not None])
def test_the_distance_changes_by_the_factor(name: str) -> None:
    distances = [hypot(*point) for point in play(METHODS[name], seed=1, steps=400)]
    slope = np.polyfit(range(200, 401), np.log(distances[200:]), 1)[0]
    assert np.exp(slope) == pytest.approx(METHODS[name].factor, abs=2e-3)


def test_alternating_steps_keep_a_quadratic_form() -> None:
    """x² + y² + ηxy is the same after each step, so that the points stay on an ellipse."""
    forms = [x * x + y * y + RATE * x * y for x, y in play(METHODS["SGD"], seed=0, steps=50)]
    assert_close(forms, [forms[0]] * 51)


def test_the_factor_of_momentum_is_that_of_its_matrix() -> None:
    momentum, rate = 0.9, 0.01
    by_y = np.array(
        [[1, 0, 0, 0], [rate, 1, 0, momentum], [0, 0, 1, 0], [rate, 0, 0, momentum]]
    )  # of x, y, their steps
    by_x = np.array([[1, -rate, momentum, 0], [0, 1, 0, 0], [0, -rate, momentum, 0], [0, 0, 0, 1]])
    assert alternating_factor(momentum, rate) == pytest.approx(np.abs(np.linalg.eigvals(by_x @ by_y)).max())


def test_the_average_of_a_rotation_is_near_its_centre() -> None:
    points = play(METHODS["SGD"], seed=0, steps=1000)
    assert hypot(*points[-1]) > 0.9
    assert averages(points)[-1] < 0.11  # (1 - decay) / η of the radius


def test_the_sweep_is_over_the_optimisers_and_rates_of_the_page() -> None:
    sweep = sweep_of("optimizers")
    assert sweep["optimizer"] == ",".join(OPTIMIZERS)
    assert sweep["schedule.value"] == ",".join(map(str, MULTIPLES))


def test_rates_are_those_of_the_files() -> None:
    """Two rates have the geometric mean of the common one; momentum has the same step in a constant gradient."""
    configs = {choice: compose_config("train", [f"optimizer={choice}"]).optimizer for choice in OPTIMIZERS}
    two = configs["adam_ttur"]
    assert two.discriminator.lr == 4 * two.generator.lr
    assert two.discriminator.lr * two.generator.lr == pytest.approx(configs["adam"].generator.lr ** 2)
    plain, heavy = configs["sgd_plain"].generator, configs["sgd_momentum"].generator
    assert heavy.lr / (1 - heavy.momentum) == pytest.approx(plain.lr)
