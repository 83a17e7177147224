"""Schedules at their ends and half-way."""

import pytest

from gan.schedules.constant import Constant
from gan.schedules.decay import Cosine, Linear
from gan.schedules.warmup import Warmup
from gan.schedules.window import Window


@pytest.mark.parametrize(("step", "factor"), [(0, 1.0), (50, 0.6), (100, 0.2), (1000, 0.2)])
def test_cosine(step: int, factor: float) -> None:
    assert Cosine(steps=100, end=0.2)(step) == pytest.approx(factor)


@pytest.mark.parametrize(("step", "factor"), [(0, 1.0), (25, 0.8), (100, 0.2), (1000, 0.2)])
def test_linear(step: int, factor: float) -> None:
    assert Linear(steps=100, end=0.2)(step) == pytest.approx(factor)


@pytest.mark.parametrize(("step", "factor"), [(0, 1.0), (50, 1.0), (75, 0.6), (100, 0.2), (1000, 0.2)])
def test_linear_after_a_constant_half(step: int, factor: float) -> None:
    assert Linear(steps=100, end=0.2, constant=0.5)(step) == pytest.approx(factor)


def test_constant() -> None:
    assert Constant()(7) == 1.0
    assert Constant(3.0)(7) == 3.0


def test_warmup_rises_to_one_and_multiplies_another_schedule() -> None:
    assert [Warmup(4)(step) for step in (0, 1, 3, 9)] == [0.25, 0.5, 1.0, 1.0]
    decay = Linear(steps=10)
    assert Warmup(4, decay)(1) == pytest.approx(0.5 * decay(1))
    assert Warmup(4, decay)(7) == pytest.approx(decay(7))


def test_window_is_one_from_its_start_to_its_end() -> None:
    assert [Window(2, 4)(step) for step in range(6)] == [0, 0, 1, 1, 0, 0]
    assert [Window(1)(step) for step in (0, 1, 99)] == [0, 1, 1]
    with pytest.raises(ValueError, match="end=2 must be after start=2"):
        Window(2, 2)
