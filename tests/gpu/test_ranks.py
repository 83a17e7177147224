"""Two ranks on one GPU, over gloo, follow the trajectory of one: NCCL refuses a GPU that two ranks share."""

import os
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from gan.distributed import launch
from gan.distributed.environment import RankInfo
from tests.distributed import games
from tests.gpu.conftest import DRY
from tests.processes import forkserver

OPTIONS = ["model.generator.norm=none", "loss.critic_norm=none", "callbacks.evaluation=null", "callbacks.samples=null"]
GAMES = {
    "non_saturating": [*OPTIONS, "loss=non_saturating"],
    "wgan_gp": [*OPTIONS, "loss=wgan_gp"],
    "bf16": [*OPTIONS, "loss=non_saturating", "trainer.precision=bf16-mixed"],
}


def play_on_one_device(runs: list[tuple[Path, list[str]]]) -> None:
    """Train as a rank that is alone on its machine, and so uses the first device; the group's backend is gloo."""
    os.environ |= {"LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1", "GROUP_RANK": os.environ["RANK"]}
    games.play(runs)


@pytest.mark.usefixtures("device")
def test_two_ranks_on_one_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if DRY:
        monkeypatch.setattr(launch, "CONTEXT", forkserver())
    wanted = list(GAMES)[: 1 if DRY else None]
    accelerator = f"trainer.accelerator={'cpu' if DRY else 'gpu'}"
    for ranks in (1, 2):
        runs = [(tmp_path / str(ranks) / game, [*GAMES[game], accelerator]) for game in wanted]
        launch.launch(play_on_one_device, runs, ranks, RankInfo(), {})
    for game in wanted:
        one, two, second = (
            torch.load(tmp_path / path, map_location="cpu")["state"]
            for path in (f"1/{game}/rank0.pt", f"2/{game}/rank0.pt", f"2/{game}/rank1.pt")
        )
        assert all(torch.equal(two[name], second[name]) for name in two), "ranks stay identical"
        if game != "bf16":
            for name, weights in one.items():
                assert_close(two[name], weights, rtol=1e-3, atol=1e-4)
