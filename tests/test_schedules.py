"""Schedules at their ends and half-way."""

import pytest

from gan.schedules.constant import Constant
from gan.schedules.decay import Cosine, Linear
from gan.schedules.warmup import Warmup


@pytest.mark.parametrize(("step", "factor"), [(0, 1.0), (50, 0.6), (100, 0.2), (1000, 0.2)])
def test_cosine(step: int, factor: float) -> None:
    assert Cosine(steps=100, end=0.2)(step) == pytest.approx(factor)


@pytest.mark.parametrize(("step", "factor"), [(0, 1.0), (25, 0.8), (100, 0.2), (1000, 0.2)])
def test_linear(step: int, factor: float) -> None:
    assert Linear(steps=100, end=0.2)(step) == pytest.approx(factor)


def test_constant() -> None:
    assert Constant()(7) == 1.0


def test_warmup_rises_to_one_and_multiplies_another_schedule() -> None:
    assert [Warmup(4)(step) for step in (0, 1, 3, 9)] == [0.25, 0.5, 1.0, 1.0]
    decay = Linear(steps=10)
    assert Warmup(4, decay)(1) == pytest.approx(0.5 * decay(1))
    assert Warmup(4, decay)(7) == pytest.approx(decay(7))
