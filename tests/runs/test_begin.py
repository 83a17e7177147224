"""Beginning of a run, or of a further part of it, in its folder."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from gan.errors import UserError
from gan.runs.begin import begin
from gan.runs.folder import RunFolder
from gan.runs.record import read_run


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    run = RunFolder(tmp_path / "run")
    run.checkpoints.mkdir(parents=True)
    return run


def test_a_further_part_makes_an_earlier_end_outdated(run: RunFolder) -> None:
    """A finished run that is resumed and killed is not finished any more."""
    config = OmegaConf.create({"id": "a", "ckpt": None, "seed": 1, "twice": "${seed}"})
    begin(run, config, ["seed=1"])
    outdated = [run.results, run.error, run.page, run.checkpoints / "last.ckpt.0.partial"]
    for path in outdated:
        path.write_text("old")
    run.last.touch()
    begin(run, OmegaConf.merge(config, {"ckpt": str(run.last)}), ["ckpt=run"])
    assert not any(path.exists() for path in outdated)
    record = read_run(run.path)
    assert (record.state, record.config["twice"]) == ("unfinished", 1)
    assert record.commands == ["# python train.py seed=1", "# python train.py ckpt=run"]


def test_a_run_without_a_checkpoint_starts_again(run: RunFolder) -> None:
    for identity, commands in {"a": 1, "b": 1}.items():
        begin(run, OmegaConf.create({"id": identity, "ckpt": None}), ["seed=1"])
        assert len(read_run(run.path).commands) == commands, "those of another run are not kept"
    begin(run, OmegaConf.create({"id": "b", "ckpt": None}), ["ckpt=run"])
    assert len(read_run(run.path).commands) == 2


@pytest.mark.parametrize("name", ["last.ckpt", "best.ckpt", "mine.ckpt"])
def test_a_run_with_a_checkpoint_is_not_overwritten(run: RunFolder, name: str) -> None:
    (run.checkpoints / name).touch()
    with pytest.raises(UserError, match="run holds a run: resume it with ckpt="):
        begin(run, OmegaConf.create({"id": "a", "ckpt": None}), [])
    assert not run.config.exists()
