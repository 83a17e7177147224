"""Whole checkpoints of a run's folder: the newest one, those that a resumed run leaves behind, and a full disk."""

import errno
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from gan import tensor_file
from gan.callbacks.checkpoints import Checkpoints
from gan.checkpoint.contents import FORMAT, read_contents
from gan.checkpoint.reading import read
from gan.checkpoint.whole import naming_what_is_kept, newest_whole, set_aside
from gan.errors import UserError
from gan.runs.folder import RunFolder
from gan.runs.writing import WriteError


def write(path: Path, step: int) -> None:
    contents = {"config": {}, "state_dict": {"w": torch.ones(9)}, "global_step": step, "batches_seen": step}
    tensor_file.save(contents | {"format": FORMAT}, path)


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """Run whose last checkpoint is of update 30, the best one too, and the one before of 20."""
    run = RunFolder(tmp_path / "run")
    for path, step in ((run.last, 30), (run.previous, 20), (run.best, 30)):
        write(path, step)
    return run


def steps(run: RunFolder) -> dict[str, int]:
    return {path.name: read_contents(path)["global_step"] for path in run.checkpoints.iterdir()}


def test_the_newest_whole_one(run: RunFolder) -> None:
    def newest() -> Path | None:
        found = newest_whole(run)
        return found and found.path

    write(run.checkpoints / "epoch=1.ckpt", 25)  # of Lightning's ModelCheckpoint
    (run.checkpoints / "foreign.ckpt").write_text("no checkpoint")
    assert newest() == run.last
    damage(run.last)
    assert newest() == run.best, "its update is later than that of previous.ckpt"
    run.best.unlink()
    assert newest() == run.checkpoints / "epoch=1.ckpt"
    damage(run.checkpoints / "epoch=1.ckpt")
    assert newest() == run.previous
    run.previous.write_bytes(b"")
    assert newest() is None


def test_a_damaged_one_is_named_with_the_newest_whole_one(run: RunFolder) -> None:
    damage(run.best)
    for path in (run.path, run.best):
        with pytest.raises(UserError, match=r"best\.ckpt is damaged .*last\.ckpt, of generator update 30"):
            read(path)
    run.last.write_bytes(b"")
    run.previous.unlink()
    with pytest.raises(UserError, match=r"best\.ckpt is damaged .*; none is whole"):
        read(run.path)


@pytest.mark.parametrize(
    ("resumed", "damaged", "expected"),
    [
        ("last", None, {"last.ckpt": 30, "previous.ckpt": 20, "best.ckpt": 30}),
        (
            "previous",
            None,
            {"last.ckpt": 20, "last.ckpt.abandoned": 30, "previous.ckpt": 20, "best.ckpt.abandoned": 30},
        ),
        ("best", "last", {"last.ckpt": 30, "last.ckpt.damaged": -1, "previous.ckpt": 20, "best.ckpt": 30}),
    ],
)
def test_what_a_resumed_run_leaves_behind(
    run: RunFolder, resumed: str, damaged: str | None, expected: dict[str, int]
) -> None:
    if damaged:
        damage(getattr(run, damaged))
    path: Path = getattr(run, resumed)
    set_aside(run, path, read_contents(path)["global_step"])
    if damaged:
        write(run.checkpoints / f"{damaged}.ckpt.damaged", -1)
    assert steps(run) == expected


def test_checkpoints_of_another_folder_are_left_alone(run: RunFolder, tmp_path: Path) -> None:
    write(tmp_path / "elsewhere.ckpt", 10)
    before = steps(run)
    set_aside(run, tmp_path / "elsewhere.ckpt", 10)
    assert steps(run) == before


def saver(run: RunFolder) -> tuple[Checkpoints, Callable[[int], None]]:
    """Return a callback of the run, and a function that saves at a generator update."""
    callback = Checkpoints(str(run.checkpoints), 10)

    def save(step: int) -> None:
        trainer = SimpleNamespace(is_global_zero=True, global_step=step, default_root_dir=str(run.path))
        trainer.save_checkpoint = lambda path: write(path, step)
        callback.save(trainer)

    return callback, save


def test_the_last_two_are_kept(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.path.mkdir()
    _, save = saver(run)
    save(10)
    assert steps(run) == {"last.ckpt": 10}
    save(20)
    save(30)
    save(30)  # once more at the same update, after a signal
    assert steps(run) == {"last.ckpt": 30, "previous.ckpt": 20}
    resumed, save = saver(run)
    resumed.on_load_checkpoint(None, None, {"global_step": 30})
    save(30)
    assert steps(run) == {"last.ckpt": 30, "previous.ckpt": 20}
    save(40)
    assert steps(run) == {"last.ckpt": 40, "previous.ckpt": 30}


def test_what_is_set_aside_goes_when_it_is_written_anew(run: RunFolder) -> None:
    set_aside(run, run.previous, 20)
    callback, save = saver(run)
    callback.on_load_checkpoint(None, None, {"global_step": 20})
    save(25)
    assert steps(run) == {"last.ckpt": 25, "previous.ckpt": 20, "best.ckpt.abandoned": 30}


def test_a_failed_checkpoint_leaves_the_last_two(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    _, save = saver(run)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(UserError) as caught, naming_what_is_kept(run):
        save(40)
    monkeypatch.undo()
    assert "No space left on device" in str(caught.value)
    assert "last.ckpt of generator update 30 is kept" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert steps(run) == {"last.ckpt": 30, "previous.ckpt": 20, "best.ckpt": 30}


def test_a_deleted_folder_is_not_created_again(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    _, save = saver(run)
    with (
        pytest.raises(UserError, match=r"No such file or directory\); no checkpoint is kept"),
        naming_what_is_kept(run),
    ):
        save(10)
    assert not run.path.exists()
    run.path.mkdir()
    save(10)
    run.last.unlink()
    run.checkpoints.rmdir()
    with (
        pytest.raises(UserError, match=r"its folder has been deleted\); no checkpoint is kept"),
        naming_what_is_kept(run),
    ):
        save(20)
    assert not run.checkpoints.exists()


def test_errors_of_programs_stay_as_they_are(run: RunFolder) -> None:
    for error in (OSError(errno.ECONNREFUSED, "refused"), ValueError("a bug")):
        with pytest.raises(type(error)) as caught, naming_what_is_kept(run):
            raise error
        assert caught.value is error
    with pytest.raises(UserError, match=r"is kept"), naming_what_is_kept(run):
        raise WriteError("cannot write results.json (a reason)")
