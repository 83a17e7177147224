"""Schedules at their ends and half-way."""

from collections.abc import Callable

import pytest

from gan.schedules.base import Schedule
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


@pytest.mark.parametrize("make", [Cosine, Linear])
@pytest.mark.parametrize("settings", [{"steps": 0}, {"steps": 5, "end": -0.1}])
def test_invalid_arguments(make: Callable[..., Schedule], settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="at least"):
        make(**settings)


def test_warmup_rises_to_one_and_multiplies_another_schedule() -> None:
    assert [Warmup(4)(step) for step in (0, 1, 3, 9)] == [0.25, 0.5, 1.0, 1.0]
    decay = Linear(steps=10)
    assert Warmup(4, decay)(1) == pytest.approx(0.5 * decay(1))
    assert Warmup(4, decay)(7) == pytest.approx(decay(7))
    with pytest.raises(ValueError, match="steps must be at least 1"):
        Warmup(0)
