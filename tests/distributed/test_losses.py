"""Every loss and regulariser in conf/ on one rank and on two: the same terms, weights and states."""

from functools import partial
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from gan.distributed.environment import RankInfo
from gan.distributed.launch import launch
from tests.distributed import games
from tests.loss_games import FULL, GAMES

COUPLED = [name for name in GAMES if name not in FULL]


def played(names: list[str], folder: Path) -> Path:
    """Train games on one rank and on two, with one thread each."""
    for ranks in (1, 2):
        (folder / str(ranks)).mkdir()
        launch(games.play_losses, (folder / str(ranks), names), ranks, RankInfo(), {})
    return folder


@pytest.fixture(scope="module")
def coupled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played(COUPLED, tmp_path_factory.mktemp("coupled"))


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played(FULL, tmp_path_factory.mktemp("others"))


@pytest.mark.parametrize("name", COUPLED)
def test_two_ranks_play_the_game_of_one(coupled: Path, name: str) -> None:
    check_ranks(coupled, name)


@pytest.mark.long
@pytest.mark.parametrize("name", FULL)
def test_two_ranks_play_the_other_games_of_one(others: Path, name: str) -> None:
    check_ranks(others, name)


def check_ranks(played: Path, name: str) -> None:
    weights, logs = torch.load(played / "1" / f"{name}-0.pt")
    first, second = (torch.load(played / "2" / f"{name}-{rank}.pt") for rank in (0, 1))
    assert all(torch.equal(value, second[0][key]) for key, value in first[0].items()), "ranks stay identical"
    assert first[0].keys() == weights.keys()
    if any(key.endswith("running_mean") for key in weights):
        return  # VQ-VAE's batch norm, which is part of it, has the statistics of each rank
    for key, value in weights.items():
        assert_close(first[0][key], value, rtol=1e-3, atol=1e-4, msg=partial("{}: {}".format, key))
    for terms, same in zip(first[1], logs, strict=True):
        assert terms.keys() == same.keys()
        for key in terms:
            if "accuracy" not in key:  # relative to a boundary of each rank's own
                assert_close(terms[key], same[key], rtol=1e-3, atol=1e-5, msg=partial("{}: {}".format, key))
