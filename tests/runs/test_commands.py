"""Commands of a run."""

import shlex
from pathlib import Path

from gan.runs.commands import command_comments, earlier_commands, resume_command, sample_command
from gan.runs.folder import RunFolder


def test_comments_of_a_resumed_run(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    assert earlier_commands(run) == []
    first = command_comments(["loss=hinge", "name=a b"])
    assert first == "# python train.py loss=hinge 'name=a b'\n"
    run.config.write_text(first + "name: a b\n")
    second = command_comments(["trainer.max_steps=4"], earlier_commands(run))
    assert second == first + "# python train.py trainer.max_steps=4\n"


def test_next_commands(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "a run")
    run.checkpoints.mkdir(parents=True)
    run.last.touch()
    assert shlex.split(resume_command(run, 50)) == ["python", "train.py", f"ckpt={run.last}", "trainer.max_steps=100"]
    assert str(run.last) in sample_command(run)
    run.best.touch()
    expected = ["python", "-m", "gan.sample", str(run.best), "--num", "64", "--out", "grid.png"]
    assert shlex.split(sample_command(run)) == expected
