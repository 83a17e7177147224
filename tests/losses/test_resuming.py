"""Resuming with every loss and regulariser in conf/: the same bits as without an interruption."""

from pathlib import Path

import pytest
import torch

from tests.loss_games import FULL, GAMES, play, state_of


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.long] * (name in FULL)) for name in GAMES])
def test_a_resumed_game_ends_in_the_same_bits(name: str, tmp_path: Path) -> None:
    whole, logs = play(name, steps=4)
    half, _ = play(name, steps=2)
    half.save_checkpoint(tmp_path / "half.ckpt")
    resumed, later = play(name, steps=4, ckpt=tmp_path / "half.ckpt")
    expected = state_of(whole)
    assert state_of(resumed).keys() == expected.keys()
    assert all(torch.equal(value, expected[key]) for key, value in state_of(resumed).items())
    assert later, "the resumed game has steps"
    for terms, same in zip(later, logs[-len(later) :], strict=True):
        assert terms.keys() == same.keys()
        assert all(torch.equal(terms[key], same[key]) for key in same), terms
