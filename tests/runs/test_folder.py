"""Run folders: kinds of path, and sample grids."""

import os
from pathlib import Path

import pytest

from gan.runs.folder import (
    PathKind,
    RunFolder,
    classify,
    find_export,
    relative_to_cwd,
    run_folder_of,
    sample_grid,
)


def test_kinds_of_path(tmp_path: Path) -> None:
    run, export, images = tmp_path / "run", tmp_path / "export", tmp_path / "images"
    for folder in (RunFolder(run).checkpoints, export, images):
        folder.mkdir(parents=True)
    RunFolder(run).best.touch()
    (export / "generator.safetensors").touch()
    assert classify(run) is PathKind.RUN
    assert classify(RunFolder(run).best) is PathKind.CHECKPOINT
    assert classify(export) is classify(export / "generator.safetensors") is PathKind.EXPORT
    assert classify(images) is classify(tmp_path / "missing") is PathKind.IMAGES
    assert find_export(export) == export / "generator.safetensors"
    (run / "generator.safetensors").touch()
    assert classify(run) is PathKind.RUN, "even with exported weights inside"
    assert find_export(run) is None


def test_folder_of_a_checkpoint(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.checkpoints.mkdir(parents=True)
    assert run_folder_of(run.path) == run_folder_of(run.last) == run.path
    assert run_folder_of(tmp_path / "elsewhere.ckpt") is None


def test_preferred_checkpoint(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.checkpoints.mkdir()
    assert run.preferred_checkpoint == run.best, "the one to name in an error message"
    run.last.touch()
    assert run.preferred_checkpoint == run.last
    run.best.touch()
    assert run.preferred_checkpoint == run.best


def test_latest_checkpoint(tmp_path: Path) -> None:
    """A kill may come between the first best.ckpt and the first last.ckpt."""
    run = RunFolder(tmp_path)
    assert run.latest_checkpoint is None
    run.checkpoints.mkdir()
    run.best.with_suffix(".ckpt.partial").touch()
    assert run.latest_checkpoint is None
    for path, time in ((run.best, 1), (run.previous, 2), (run.checkpoints / "mine.ckpt", 0)):
        path.touch()
        os.utime(path, (time, time))
    assert run.latest_checkpoint == run.previous
    run.last.touch()
    os.utime(run.last, (0, 0))
    assert run.latest_checkpoint == run.last


def test_sample_grids_up_to_a_step(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.samples.mkdir()
    for step in (2, 4, 6, 8, 1_000_000):
        sample_grid(run.samples, step).touch()
    (run.samples / "notes.png").touch()
    assert [path.stem for path in run.sample_grids(last_step=6)] == ["000002", "000004", "000006"]
    assert [path.stem for path in run.sample_grids()][-1] == "1000000"


def test_paths_inside_the_current_folder_are_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert relative_to_cwd(tmp_path / "here" / "run") == relative_to_cwd(Path("run")) == Path("run")
    assert relative_to_cwd(tmp_path / "run") == tmp_path / "run"
