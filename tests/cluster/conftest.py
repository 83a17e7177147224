"""A real two-node Slurm on this machine, while the tests of this folder run."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.conftest import ROOT

CONF = """
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={dir}/munge.socket
CryptoType=crypto/munge
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=1
JobRequeue=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmctldPort={port}
StateSaveLocation={dir}/state
SlurmdSpoolDir={dir}/%n
SlurmctldPidFile={dir}/slurmctld.pid
SlurmdPidFile={dir}/slurmd.%n.pid
SlurmctldLogFile={dir}/slurmctld.log
SlurmdLogFile={dir}/slurmd.%n.log
SlurmdParameters=config_overrides
NodeName=n[1-2] NodeHostname={host} NodeAddr=127.0.0.1 Port=[{first}-{last}] CPUs=2 RealMemory=4000 State=UNKNOWN
PartitionName=main Nodes=n[1-2] Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes=n[1-2] MaxTime=INFINITE State=UP PriorityTier=10
"""


class Cluster:
    """Two nodes, n1 and n2; partition ``urgent`` preempts ``main``.

    Args:
        folder: Folder of its state and logs.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM", "WANDB", "OMP"))}
        self.environment |= {"SLURM_CONF": str(folder / "slurm.conf"), "CUDA_VISIBLE_DEVICES": ""}

    def command(self, *arguments: str) -> str:
        """Run a command in Slurm's environment, and return its output."""
        done = subprocess.run(arguments, cwd=ROOT, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def submit(self, script: str, log: Path) -> str:
        """Submit a script; return the job's number."""
        path = log.with_suffix(".sh")
        path.write_text(script)
        return self.command("sbatch", "--parsable", "--open-mode=append", f"--output={log}", str(path))

    def state(self, job: str) -> str:
        """Return a job's state, such as RUNNING."""
        shown = self.command("scontrol", "show", "job", job)
        return dict(word.split("=", 1) for word in shown.split() if "=" in word)["JobState"]

    def wait(self, job: str, *states: str, seconds: float = 120) -> str:
        """Wait until a job is in one of the given states; requeued jobs skip Slurm's delay of two minutes."""
        deadline = monotonic() + seconds
        while (state := self.state(job)) not in states:
            if state == "PENDING":
                with suppress(AssertionError):  # it may have started in the meantime
                    self.command("scontrol", "update", f"jobid={job}", "starttime=now")
            assert monotonic() < deadline, f"job {job} is {state}, not {' or '.join(states)}"
            sleep(0.2)
        return state


def missing() -> str | None:
    """Return the reason why no cluster can be started; None if it can."""
    for name in ("slurmctld", "slurmd", "munged", "mungekey"):
        if shutil.which(name) is None and not Path("/usr/sbin", name).exists():
            return f"{name} is not installed: apt-get install slurm-wlm munge"
    return None if os.geteuid() == 0 else "slurmd must be started by root"


def free_port(count: int = 1) -> int:
    """Return the first of several consecutive free ports."""
    for first in range(23000, 30000, 10):
        with suppress(OSError):
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return first
    raise AssertionError("no free port")


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Start Slurm with its own configuration, key and ports, and stop it afterwards."""
    if reason := missing():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("slurm")
    (folder / "state").mkdir()
    port, hosts = free_port(3), Path("/etc/hosts")
    settings = {"host": socket.gethostname().partition(".")[0], "dir": folder}
    (folder / "slurm.conf").write_text(CONF.format(**settings, port=port, first=port + 1, last=port + 2))
    cluster, before = Cluster(folder), hosts.read_text()
    if " n1 " not in before:  # ranks meet by their nodes' names
        hosts.write_text(f"{before.rstrip()}\n127.0.0.1 n1 n2 \n")
    key = folder / "munge.key"
    pids = [folder / f"{name}.pid" for name in ("slurmctld", "slurmd.n1", "slurmd.n2", "munged")]
    try:
        cluster.command("/usr/sbin/mungekey", "--create", f"--keyfile={key}")
        files = [
            f"--socket={folder}/munge.socket",
            f"--key-file={key}",
            f"--pid-file={pids[3]}",
            f"--log-file={folder}/munged.log",
            f"--seed-file={folder}/seed",
        ]
        cluster.command("/usr/sbin/munged", "--force", *files)
        cluster.command("/usr/sbin/slurmctld", "-i")
        for node in ("n1", "n2"):
            cluster.command("/usr/sbin/slurmd", "-N", node)
        deadline = monotonic() + 60
        while cluster.command("sinfo", "--noheader", "--partition=main", "--states=idle", "--format=%D") != "2":
            assert monotonic() < deadline, (folder / "slurmctld.log").read_text()[-2000:]
            sleep(0.5)
        yield cluster
    finally:
        with suppress(AssertionError):
            cluster.command("scancel", "--user=root", "--full", "--signal=KILL")
        for pid in pids:
            with suppress(FileNotFoundError, ProcessLookupError):
                os.kill(int(pid.read_text()), 15)
        hosts.write_text(before)
