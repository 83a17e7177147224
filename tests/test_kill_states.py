"""States in which a kill can leave a run's folder: each is gone on from, to the same results."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from gan.runs.folder import RunFolder
from gan.runs.record import read_run
from tests.conftest import TINY, Run

Train = Callable[..., Run]

GAME = ["model=mlp_gan", *TINY, "trainer.max_steps=2", "evaluate.every_n_steps=1", "trainer.log_every_n_steps=1"]
GAME += ["callbacks.evaluation=null", "trainer.enable_progress_bar=false", "trainer.enable_model_summary=false"]


@contextmanager
def states_of(run: Path, copies: Path) -> Iterator[list[Path]]:
    """Copy a folder before and after each file that appears, is replaced or is deleted in it."""
    states: list[Path] = []

    def keep(path: Path) -> None:
        if path.is_relative_to(run) and run.is_dir():
            states.append(shutil.copytree(run, copies / str(len(states)) / run.name))

    def followed(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Path, *args: Any, **kwargs: Any) -> Any:
            keep(path)
            result = function(path, *args, **kwargs)
            keep(path)
            return result

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in ("replace", "unlink"):
            patch.setattr(Path, name, followed(getattr(Path, name)))
        yield states


def contents(run: Path) -> dict[str, Any]:
    """Everything that two processes which go on from a folder would see alike."""
    files = {str(path.relative_to(run)): path.read_bytes() for path in run.rglob("*") if path.is_file()}
    return {name: data for name, data in files.items() if not name.endswith((".partial", "running.json", "train.log"))}


@pytest.mark.long
def test_every_state_is_gone_on_from(train: Train, tmp_path: Path) -> None:
    with states_of(tmp_path / "run", tmp_path / "states") as states:
        assert train(*GAME).status == 0
    expected = torch.load(tmp_path / "run" / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
    started = [state for state in states if RunFolder(state).config.is_file()]
    distinct = {str(sorted(contents(state).items())): state for state in started}
    assert len(distinct) >= 10
    for number, state in enumerate(distinct.values()):
        shutil.rmtree(tmp_path / "run")
        shutil.copytree(state, tmp_path / "run")
        run = RunFolder(tmp_path / "run")
        was_finished = read_run(run.path).state == "finished" and run.page.is_file()
        requeued = number % 2 == 1  # by Slurm, with the same command
        end = train(*GAME, SLURM_RESTART_COUNT="1") if requeued else train(f"ckpt={run.path}")
        found = sorted(str(path.relative_to(state)) for path in state.rglob("*"))
        assert end.status == (2 if was_finished and not requeued else 0), (found, end.err)
        assert read_run(run.path).state == "finished", found
        assert run.page.is_file(), found
        weights = torch.load(run.last, weights_only=True)["state_dict"]
        assert all(torch.equal(weights[name], value) for name, value in expected.items()), found
        assert [row for row in run.metrics.read_text().split("\n") if row][-1].startswith("2,"), found
        assert not list(run.path.rglob("*.partial")), found


def test_a_folder_without_a_run_is_named(train: Train, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.checkpoints.mkdir(parents=True)
    (run.checkpoints / "last.ckpt.0123.partial").touch()
    end = train(f"ckpt={run.path}")
    assert end.status == 2
    assert end.err.splitlines()[-1].endswith("run holds no run: it has neither a checkpoint nor config.yaml")
    run.config.write_text("model: {")
    end = train(f"ckpt={run.path}")
    assert end.status == 2
    assert "has no checkpoint, and its config.yaml is damaged" in end.err.splitlines()[-1]
