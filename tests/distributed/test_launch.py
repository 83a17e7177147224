"""Launcher: each rank's environment, and failures of one rank that end all with one line."""

import socket
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import torch
from torch.testing import assert_close

from gan.distributed import launch as launching
from gan.distributed.environment import RankInfo
from gan.distributed.launch import launch
from gan.errors import UserError
from tests.distributed import games


@pytest.mark.parametrize(
    ("info", "ranks", "world"),
    [(RankInfo(), [0, 1], 2), (RankInfo(rank=1, world=2), [2, 3], 4)],
    ids=["one machine", "the second of two"],
)
def test_environment_of_each_rank(
    tmp_path: Path, monkeypatch: Any, info: RankInfo, ranks: list[int], world: int
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("MASTER_ADDR", "n1")
    launch(games.report, tmp_path, 2, info, {})
    address = "n1" if info.world > 1 else "127.0.0.1"
    found = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert found == {f"rank{rank}": f"{rank} {world} {local} 2 {address} 3" for local, rank in enumerate(ranks)}


def test_ranks_average_in_buckets_of_25_megabytes(tmp_path: Path) -> None:
    launch(games.average, tmp_path / "kept.pt", 2, RankInfo(), {})
    (small, large), sizes, std = torch.load(tmp_path / "kept.pt")
    assert_close(small, torch.full((3, 4), 0.5))
    assert_close(large, torch.arange(9_000_000.0) + 0.5)
    assert sizes == [25_000_000, 36_000_048 - 25_000_000]
    assert_close(std, torch.arange(8.0).std())


def test_ranks_start_with_the_weights_and_buffers_of_rank_zero(tmp_path: Path) -> None:
    launch(games.start, tmp_path, 2, RankInfo(), {})
    first, second = (torch.load(tmp_path / f"rank{rank}.pt") for rank in (0, 1))
    assert_close(second, first, rtol=0, atol=0)
    assert_close(first["1.running_mean"], torch.zeros(4))


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("mistake", "rank 1: there is no such folder"),
        ("bug", "rank 1: RuntimeError: something is wrong here"),
        pytest.param(
            "kill", "rank 1 was ended by SIGKILL; the last checkpoint is kept to resume from", marks=pytest.mark.long
        ),
    ],
)
def test_a_failing_rank_is_named(how: str, message: str) -> None:
    start = monotonic()
    with pytest.raises(UserError) as error:
        launch(games.fail, how, 2, RankInfo(), {})
    assert str(error.value) == message
    assert monotonic() - start < 60


def test_a_rank_that_waits_for_a_dead_one_is_ended(monkeypatch: Any) -> None:
    monkeypatch.setattr(launching, "GRACE_SECONDS", 1.0)
    start = monotonic()
    with pytest.raises(UserError, match="rank 1 was ended by SIGKILL"):
        launch(games.hang, None, 2, RankInfo(), {})
    assert monotonic() - start < 60


def test_different_options_are_reported() -> None:
    with pytest.raises(UserError, match=r"different options: model\.width is 8 on rank 0, and 9 on rank 1"):
        launch(games.differ, None, 2, RankInfo(), {})


def test_a_port_in_use_is_reported(monkeypatch: Any) -> None:
    monkeypatch.setattr(launching, "GRACE_SECONDS", 1.0)
    with socket.socket() as other:
        other.bind(("0.0.0.0", 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.setenv("MASTER_PORT", str(port))
        with pytest.raises(UserError, match=rf":{port}, the address for the ranks, is in use: set MASTER_PORT"):
            launch(games.differ, None, 2, RankInfo(), {})
