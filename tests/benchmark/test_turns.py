"""Sides that take turns: each does just its updates, and a failure is named."""

import time
from functools import partial

import pytest

from gan.benchmark.turns import Gate, Turns
from gan.errors import UserError


def sleeper(seconds: float, gate: Gate) -> None:
    while True:
        gate()
        time.sleep(seconds)


def failing(gate: Gate) -> None:
    gate()
    raise ValueError("no such thing")


def test_sides_take_the_time_of_their_updates() -> None:
    with Turns({"slow": partial(sleeper, 0.04), "fast": partial(sleeper, 0.01)}) as turns:
        taken = turns.rounds({"slow": 5, "fast": 5}, range(3))
        assert set(turns.peaks) == {"slow", "fast"}
        assert all(peak > 10 for peak in turns.peaks.values())
    assert all(0.04 < seconds < 0.08 for seconds in taken["slow"])
    assert all(0.01 < seconds < 0.03 for seconds in taken["fast"])
    assert not any(process.is_alive() for process in turns.processes)


def test_a_side_that_fails_is_named() -> None:
    with Turns({"right": partial(sleeper, 0.01), "wrong": failing}) as turns:
        turns.turn("right", 1)
        with pytest.raises(UserError, match="the side 'wrong' failed"):
            turns.turn("wrong", 2)
