"""Two-node jobs on a real Slurm: preemption, time limits, node failures, and sweeps."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
import torch

from tests.cluster.conftest import Cluster
from tests.conftest import ROOT, TINY, run_python

pytestmark = pytest.mark.long

OPTIONS = [option for option in TINY if option != "trainer=cpu"]
OPTIONS += ["trainer=ddp", "trainer.accelerator=cpu", "loss=wgan_gp", "evaluate.every_n_steps=20"]
OPTIONS += ["trainer.enable_progress_bar=false", "trainer.enable_model_summary=false"]

JOB = """#!/bin/bash
#SBATCH --nodes=2 --ntasks-per-node=1 --cpus-per-task=1
#SBATCH --time={limit} --signal=USR1@{margin} --requeue
srun --kill-on-bad-exit=1 {python} train.py {options}
"""


def job(folder: Path, steps: int, limit: str = "01:00:00", margin: int = 60, logger: str = "none") -> str:
    options = [*OPTIONS, f"logger={logger}", f"trainer.max_steps={steps}", f"hydra.run.dir={folder}"]
    return JOB.format(python=sys.executable, limit=limit, margin=margin, options=" ".join(options))


def weights(folder: Path) -> dict[str, Any]:
    return torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]


def undisturbed(folder: Path, steps: int) -> dict[str, Any]:
    """Return the weights of an uninterrupted run on this machine."""
    options = [*OPTIONS, "logger=none", f"trainer.max_steps={steps}", "trainer.devices=2"]
    run = run_python("train.py", *options, f"hydra.run.dir={folder}", OMP_NUM_THREADS="1")
    assert run.status == 0, run.err
    return weights(folder)


def wait_for(path: Path, seconds: float = 120) -> None:
    deadline = monotonic() + seconds
    while not path.exists():
        assert monotonic() < deadline, f"no {path}"
        sleep(0.1)


def same(first: dict[str, Any], second: dict[str, Any]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_a_job_resumes_after_signals_preemption_and_requeue(cluster: Cluster, tmp_path: Path) -> None:
    """The signal before the time limit, an urgent job, and scontrol requeue: one folder, one W&B run, the same bits."""
    run, log, steps = tmp_path / "run", tmp_path / "job.log", 250
    number = cluster.submit(job(run, steps, logger="wandb"), log)
    wait_for(run / "checkpoints" / "last.ckpt")

    cluster.command("scancel", "--signal=USR1", number)
    cluster.wait(number, "PENDING", "COMPLETING")
    cluster.wait(number, "RUNNING")
    sleep(15)
    urgent = "#!/bin/bash\n#SBATCH --nodes=2 --exclusive --partition=urgent\nsleep 1\n"
    cluster.wait(cluster.submit(urgent, tmp_path / "urgent.log"), "COMPLETED")
    cluster.wait(number, "RUNNING")
    sleep(15)
    if cluster.state(number) == "RUNNING":
        cluster.command("scontrol", "requeue", number)
    cluster.wait(number, "COMPLETED", seconds=240)

    text = log.read_text()
    assert f"SIGUSR1 received; all steps so far are saved; job {number} is to be requeued" in text
    assert "set trainer.max_steps above" not in text
    assert json.loads((run / "results.json").read_text())["global_step"] == steps
    assert same(weights(run), undisturbed(tmp_path / "whole", steps))
    parts = list((run / "wandb").glob("offline-run-*"))
    assert len(parts) >= 3
    assert len({folder.name.rpartition("-")[2] for folder in parts}) == 1, "one W&B run"


def test_a_job_resumes_after_its_time_limit(cluster: Cluster, tmp_path: Path) -> None:
    """A job that exceeds its time limit is saved and requeued until it is done."""
    run, log, steps = tmp_path / "run", tmp_path / "job.log", 1000
    number = cluster.submit(job(run, steps, limit="00:01:00", margin=20), log)
    cluster.wait(number, "COMPLETED", "TIMEOUT", "FAILED", seconds=500)
    assert json.loads((run / "results.json").read_text())["global_step"] == steps
    assert "SIGUSR1 received; all steps so far are saved" in log.read_text()
    assert same(weights(run), undisturbed(tmp_path / "whole", steps))


def test_each_node_starts_one_rank_per_device(cluster: Cluster, tmp_path: Path) -> None:
    """Four ranks from two tasks; Slurm's signal to the tasks reaches all ranks.

    The uninterrupted run is a job of the same kind: sums over more than two ranks are rounded differently between
    machines than within one.
    """
    run, whole, log, steps = tmp_path / "run", tmp_path / "whole", tmp_path / "job.log", 250
    jobs = [job(f, steps).replace("trainer=ddp", "trainer=ddp trainer.devices=2") for f in (run, whole)]
    number = cluster.submit(jobs[0], log)
    wait_for(run / "checkpoints" / "last.ckpt")
    cluster.command("scancel", "--signal=USR1", number)
    cluster.wait(number, "COMPLETED", seconds=240)
    assert f"job {number} is to be requeued" in log.read_text()
    cluster.wait(cluster.submit(jobs[1], tmp_path / "whole.log"), "COMPLETED", seconds=240)
    assert same(weights(run), weights(whole))


def test_a_node_failure_costs_the_steps_since_the_last_checkpoint(cluster: Cluster, tmp_path: Path) -> None:
    run, log, steps = tmp_path / "run", tmp_path / "job.log", 250
    number = cluster.submit(job(run, steps), log)
    wait_for(run / "checkpoints" / "last.ckpt")
    sleep(2)
    kept = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["global_step"]
    for process in Path("/proc").glob("[0-9]*"):  # kill the rank on the second node before it can report an error
        try:
            environment = (process / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if {f"SLURM_JOB_ID={number}".encode(), b"SLURMD_NODENAME=n2"} <= set(environment):
            os.kill(int(process.name), signal.SIGKILL)
    cluster.command("scontrol", "update", "nodename=n2", "state=down", "reason=test")
    try:
        cluster.wait(number, "PENDING", "COMPLETING", "REQUEUED")
    finally:
        cluster.command("scontrol", "update", "nodename=n2", "state=resume")
    cluster.wait(number, "COMPLETED", seconds=240)
    assert kept > 0
    assert same(weights(run), undisturbed(tmp_path / "whole", steps))


def test_ten_preemptions_leave_no_trace(cluster: Cluster, tmp_path: Path) -> None:
    """At random moments of starting and training; the weights equal those of an uninterrupted run bit for bit."""
    run, log, steps, moments = tmp_path / "run", tmp_path / "job.log", 1200, random.Random(0)
    number = cluster.submit(job(run, steps), log)
    for preemption in range(10):
        cluster.wait(number, "RUNNING")
        began = time.time()
        while preemption % 2 and not ((run / "metrics.csv").exists() and (run / "metrics.csv").stat().st_mtime > began):
            assert time.time() < began + 120, log.read_text()
            sleep(0.1)
        sleep(moments.uniform(0, 2) if preemption % 2 else moments.uniform(1, 8))
        assert cluster.state(number) == "RUNNING", "the run ended before all preemptions"
        cluster.command("scontrol", "requeue", number)
    cluster.wait(number, "COMPLETED", seconds=600)
    assert "Restarts=10" in cluster.command("scontrol", "show", "job", number)
    assert same(weights(run), undisturbed(tmp_path / "whole", steps))


def test_a_sweep_is_an_array_of_jobs(cluster: Cluster, tmp_path: Path) -> None:
    """Through Hydra's launcher: one job of three fails, and the others finish."""
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher", reason="pip install -e '.[slurm]'")
    sweep = ["-m", "hydra/launcher=slurm", *OPTIONS, "logger=none", "trainer.num_nodes=2", "trainer.devices=1"]
    sweep += ["trainer.max_steps=5", "seed=0,1,-1", "hydra.launcher.timeout_min=10", f"hydra.sweep.dir={tmp_path}"]
    command = [sys.executable, "train.py", *sweep]
    done = subprocess.run(command, cwd=ROOT, env=cluster.environment, capture_output=True, text=True)
    assert "seed=-1 should be at least 0" in done.stderr
    assert done.returncode == 2
    finished = {path.parent.name for path in tmp_path.glob("*/results.json")}
    assert finished == {"0-dcgan-wgan_gp", "1-dcgan-wgan_gp"}
