"""Storage that fails: runs fall back to whole checkpoints, and end in one line where they cannot go on."""

import resource
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.conftest import TINY, Run, start_python

pytestmark = pytest.mark.long
Train = Callable[..., Run]
SMALL = [*TINY, "model=mlp_gan", "evaluate.every_n_steps=4", "callbacks.neighbors=null"]


@pytest.mark.parametrize("requeued", [False, True], ids=["by hand", "by Slurm"])
def test_a_run_resumes_from_the_newest_whole_checkpoint_to_the_same_bits(train: Train, requeued: bool) -> None:
    whole = train(*SMALL, "trainer.max_steps=12", name="whole")
    run = train(*SMALL, "trainer.max_steps=12" if requeued else "trainer.max_steps=8", name="damaged")
    checkpoints = run.folder / "checkpoints"
    (checkpoints / "best.ckpt").unlink()
    data = bytearray((checkpoints / "last.ckpt").read_bytes())
    data[len(data) // 2] ^= 1
    (checkpoints / "last.ckpt").write_bytes(data)
    environment = {"SLURM_RESTART_COUNT": "1"} if requeued else {}
    options = [*SMALL, "trainer.max_steps=12"] if requeued else [f"ckpt={run.folder}", "trainer.max_steps=12"]
    resumed = train(*options, name="damaged", **environment)
    assert resumed.status == 0, resumed.err
    assert "last.ckpt is damaged: resuming from" in resumed.err
    assert "previous.ckpt, of generator update" in resumed.err
    wanted, found = whole.checkpoint()["state_dict"], resumed.checkpoint()["state_dict"]
    assert all(torch.equal(found[name], value) for name, value in wanted.items())
    assert resumed.results["scores"] == whole.results["scores"]
    assert not list(checkpoints.glob("*.damaged"))


def limit_file_size() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))


def test_a_limit_of_file_sizes_is_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    process = start_python("train.py", *SMALL, "trainer.max_steps=8", f"hydra.run.dir={folder}", before=limit_file_size)
    _, err = process.communicate()
    assert process.returncode == 2, err
    line = err.splitlines()[-1]
    assert line.startswith(f"error: cannot write {folder}/checkpoints/")
    assert line.endswith("(File too large); no checkpoint is kept")
    assert (folder / "error.txt").read_text() == line.removeprefix("error: ") + "\n"
    assert not list(folder.rglob("*.partial"))
