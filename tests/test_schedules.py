"""Schedules at their ends and half-way."""

import pytest

from gan.schedules import Constant, Cosine


@pytest.mark.parametrize(("step", "factor"), [(0, 1.0), (50, 0.6), (100, 0.2), (1000, 0.2)])
def test_cosine(step: int, factor: float) -> None:
    assert Cosine(steps=100, end=0.2)(step) == pytest.approx(factor)


def test_constant() -> None:
    assert Constant()(7) == 1.0


@pytest.mark.parametrize("settings", [{"steps": 0}, {"steps": 5, "end": -0.1}])
def test_bad_settings(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="at least"):
        Cosine(**settings)
