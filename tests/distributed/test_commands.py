"""train.py on several ranks: by its own launcher, by torchrun, in a sweep; stopped and resumed; invalid options."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import sleep
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf

from tests.conftest import ROOT, TINY, Run, run_here, run_python, start_python
from tests.processes import wait_for

Train = Callable[..., Run]
TWO = [*TINY, "loss=wgan_gp", "trainer=ddp", "trainer.accelerator=cpu", "trainer.devices=2", "evaluate.every_n_steps=4"]
TWO = [option for option in TWO if option != "trainer=cpu"]


def weights(folder: Path) -> dict[str, Any]:
    return torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]


@pytest.mark.long
def test_a_run_stopped_by_sigterm_resumes_to_the_same_bits(tmp_path: Path, train: Train) -> None:
    """Saved at the current step, possibly a critic step; resumed on two ranks, against a run started by torchrun."""
    run, twin = tmp_path / "run", tmp_path / "twin"
    process = start_python("train.py", *TWO, "trainer.max_steps=100000", f"hydra.run.dir={run}", fresh=True)
    wait_for(run / "checkpoints" / "last.ckpt", process)
    sleep(0.3)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate()
    assert process.returncode == 128 + signal.SIGTERM, err
    assert "SIGTERM received; all steps so far are saved" in err
    saved = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)
    steps = f"trainer.max_steps={saved['global_step'] + 3}"

    resumed = run_python("train.py", f"ckpt={run}", steps, folder=run)
    assert resumed.status == 0, resumed.err
    assert resumed.out.count("Best ") == 1, "only rank 0 prints"
    torchrun = ["-m", "torch.distributed.run", "--nproc-per-node=2"]
    whole = run_python(*torchrun, "train.py", *TWO, steps, f"hydra.run.dir={twin}", folder=twin)
    assert whole.status == 0, whole.err
    assert not (run / "error.txt").exists()
    first, second = weights(run), weights(twin)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert (run / "metrics.csv").read_text().count("\n") == (twin / "metrics.csv").read_text().count("\n")

    alone = train(f"ckpt={run}", f"trainer.max_steps={saved['global_step'] + 5}", "trainer.devices=1", name="run")
    assert alone.status == 0, alone.err
    assert alone.results["global_step"] == saved["global_step"] + 5


@pytest.mark.long
def test_ctrl_c_ends_two_ranks_normally(tmp_path: Path) -> None:
    run = tmp_path / "run"
    process = start_python("train.py", *TWO, "trainer.max_steps=100000", f"hydra.run.dir={run}")
    wait_for(run / "checkpoints" / "last.ckpt", process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert err.count("Stopping after this step") == 1
    assert "Resume   python train.py ckpt=" in out
    assert (run / "results.json").exists()


@pytest.mark.long
def test_a_sweep_on_two_ranks_continues_after_a_failed_job(tmp_path: Path) -> None:
    sweep = ["-m", *TWO, "trainer.max_steps=2", "seed=-1,0", "model.packing=1,3", f"hydra.sweep.dir={tmp_path}"]
    done = run_python("train.py", *sweep)
    assert done.status == 2
    for job in (0, 1):
        assert f"Job {job} failed: seed=-1 should be at least 0" in done.err
    assert "Job 3 failed: data.batch_size: 8 images per device and part" in done.err
    assert (tmp_path / "3-dcgan-wgan_gp" / "error.txt").exists()
    assert {path.parent.name for path in tmp_path.glob("*/results.json")} == {"2-dcgan-wgan_gp"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["trainer.devices=2", "data.batch_size=17"], "data.batch_size=17 cannot be shared evenly by 2 ranks"),
        (["trainer.devices=0"], "trainer.devices=0"),
        (["trainer.devices=-2"], "trainer.devices=-2"),
        (["trainer.devices=two"], "trainer.devices=two"),
        (["trainer.accelerator=gpu", "trainer.devices=4"], "You requested gpu"),
        (["trainer.num_nodes=2"], "trainer.num_nodes=2, but processes were started on 1: start them with srun"),
        (["trainer.sync_batchnorm=true"], "trainer.sync_batchnorm=true: PyTorch's synchronised batch norm needs GPUs"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_invalid_options_are_one_line(train: Train, options: list[str], message: str) -> None:
    run = train(*TINY, "trainer=ddp", "trainer.accelerator=cpu", *options)
    assert run.status == 2
    assert run.err.splitlines()[-1].startswith("error: ")
    assert message in run.err.splitlines()[-1]
    assert not run.folder.exists()


@pytest.mark.long
def test_torchrun_needs_a_trainer_with_several_devices(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "train.py", *TINY]
    done = subprocess.run(
        [*command, f"hydra.run.dir={tmp_path / 'run'}"], cwd=ROOT, env=os.environ, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "error: trainer.devices=1, but 2 processes were started on this machine: choose trainer=ddp" in done.stderr


def test_optuna_searches_for_the_best_score_although_a_trial_fails(tmp_path: Path) -> None:
    pytest.importorskip("hydra_plugins.hydra_optuna_sweeper", reason="pip install -e '.[optuna]'")
    space = ["hydra/sweeper/sampler=random", "hydra.sweeper.sampler.seed=28", "loss.critic_steps=choice(0,1,2)"]
    study = ["-m", "hydra/sweeper=optuna", "hydra.sweeper.n_trials=3", f"hydra.sweep.dir={tmp_path}"]
    done = run_here("train.py", *study, *TINY, *space, "trainer.max_steps=2")
    assert done.status == 2, done.err
    assert re.search(
        r"error: the sweep is complete, but a run failed, the first in .*: loss\.critic_steps=0 ", done.err
    )
    assert f"Compare  python -m gan.report {tmp_path}" in done.out
    found = OmegaConf.load(tmp_path / "optimization_results.yaml")
    scores = {
        results["config"]["loss"]["critic_steps"]: results["score"]
        for results in (json.loads(path.read_text()) for path in tmp_path.glob("*/results.json"))
    }
    assert scores.keys() == {1, 2}
    assert found.best_value == pytest.approx(min(scores.values()))
    assert found.best_params == {"loss.critic_steps": min(scores, key=lambda steps: scores[steps])}
