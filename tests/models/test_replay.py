"""Replay: what is shown, what the pool holds, its saved state, and independence of how a batch is split."""

import torch
from torch import Tensor
from torch.testing import assert_close

from gan.keyed_random import KeyedRandom
from gan.models.replay import Replay


def fakes(start: int, number: int = 4) -> Tensor:
    return torch.arange(start, start + number).float().view(-1, 1, 1, 1)


def play(replay: Replay, steps: int, parts: int = 1) -> list[list[float]]:
    """Show new fakes at each step, and return what was shown."""
    shown = []
    for step in range(steps):
        rngs = KeyedRandom(0, step, total=4).parts(parts)
        new = fakes(4 * step).tensor_split(parts)
        shown.append(torch.cat([replay(x, rng) for x, rng in zip(new, rngs, strict=True)]).flatten().tolist())
        replay.after_step()
    return shown


def test_the_pool_fills_up_before_earlier_fakes_are_shown() -> None:
    replay = Replay(size=10)
    assert play(replay, 3) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    assert replay.pool.flatten().tolist() == list(range(10))


def test_a_fake_takes_the_place_of_the_one_shown_instead() -> None:
    replay = Replay(size=6)
    shown = play(replay, 200)[2:]
    substituted = [value for step, row in enumerate(shown, 2) for value in row if value < 4 * step]
    assert abs(len(substituted) / (4 * len(shown)) - 0.5) < 0.08
    assert replay.pool.min() > 600, "the pool is renewed"


def test_parts_and_resuming_change_nothing() -> None:
    whole, split = Replay(size=6), Replay(size=6)
    assert play(whole, 20) == play(split, 20, parts=2)
    resumed = Replay(size=6)
    resumed.load_state_dict(whole.state_dict())
    assert play(resumed, 20) == play(whole, 20)
    assert_close(resumed.pool, whole.pool)
