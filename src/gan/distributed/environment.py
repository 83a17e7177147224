"""Where this process stands among those that a launcher started, and how many cores it may use."""

import os
from dataclasses import dataclass
from pathlib import Path

import torch
from pytorch_lightning.plugins.environments import SLURMEnvironment

from gan.errors import UserError

__all__ = ["RankInfo", "cache_cuda_absence", "cores", "initialize_mkl", "rank_info", "set_threads"]


@dataclass(frozen=True)
class RankInfo:
    """A process among those of a run.

    Attributes:
        rank: Its number among all.
        world: Number of processes.
        local_rank: Its number on this machine.
        local_world: Number of processes on this machine.
    """

    rank: int = 0
    world: int = 1
    local_rank: int = 0
    local_world: int = 1

    @property
    def nodes(self) -> int:
        """Number of machines, all with as many processes."""
        return self.world // self.local_world


def rank_info() -> RankInfo:
    """Return where torchrun, srun or this package's own launcher put this process; alone where none did.

    One that is told of no others on its machine is the one to start them there. A Slurm step's variables are translated
    to torchrun's, which PyTorch and Lightning read.

    Raises:
        UserError: If a Slurm step has not as many tasks on each node.
    """
    if "RANK" not in os.environ and int(os.environ.get("SLURM_STEP_NUM_TASKS", "1")) > 1:
        _translate_slurm()
    if "RANK" not in os.environ:
        return RankInfo()
    variables = {"RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1"}
    return RankInfo(*(int(os.environ.get(name, default)) for name, default in variables.items()))


def _translate_slurm() -> None:
    slurm = {key: os.environ[f"SLURM_{key}"] for key in ("PROCID", "LOCALID", "NODEID", "JOB_ID", "STEP_ID")}
    tasks, nodes = int(os.environ["SLURM_STEP_NUM_TASKS"]), int(os.environ["SLURM_STEP_NUM_NODES"])
    if tasks % nodes:
        raise UserError(f"srun: {tasks} tasks cannot be shared evenly by {nodes} nodes; set --ntasks-per-node")
    os.environ |= {
        "RANK": slurm["PROCID"],
        "WORLD_SIZE": str(tasks),
        "LOCAL_RANK": slurm["LOCALID"],
        "LOCAL_WORLD_SIZE": str(tasks // nodes),
        "GROUP_RANK": slurm["NODEID"],
    }
    os.environ.setdefault("MASTER_ADDR", SLURMEnvironment.resolve_root_node_address(os.environ["SLURM_STEP_NODELIST"]))
    number = int(slurm["JOB_ID"]) + 97 * int(slurm["STEP_ID"])  # jobs and steps that share a node get other ports
    os.environ.setdefault("MASTER_PORT", str(15000 + number % 10000))


def cores() -> int:
    """Return the number of cores that this process may use: by affinity, container, and Slurm's allocation."""
    limits = [len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1]
    for path in (Path("/sys/fs/cgroup/cpu.max"), Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")):
        if path.is_file():
            limits += _quota(path)
    if "SLURM_CPUS_PER_TASK" in os.environ:
        limits.append(int(os.environ["SLURM_CPUS_PER_TASK"]))
    elif "SLURM_CPUS_ON_NODE" in os.environ:
        tasks = int(os.environ.get("SLURM_STEP_NUM_TASKS", "1")) // int(os.environ.get("SLURM_STEP_NUM_NODES", "1"))
        limits.append(int(os.environ["SLURM_CPUS_ON_NODE"]) // max(1, tasks))
    return max(1, min(limits))


def _quota(path: Path) -> list[int]:
    """Read a container's share of processor time, in whole cores; nothing where it has no limit."""
    words = path.read_text().split()
    period = words[1] if len(words) > 1 else path.with_name("cpu.cfs_period_us").read_text()
    return [] if words[0] in ("max", "-1") else [int(words[0]) // int(period)]


def cache_cuda_absence() -> None:
    """Let PyTorch remember that there is no GPU, where there is none.

    Lightning has it ask the driver's library, which is looked for anew at each step of an optimiser: 0.2 ms an update.
    """
    if not torch.cuda.is_available():
        os.environ.pop("PYTORCH_NVML_BASED_CUDA_CHECK", None)


def set_threads(here: RankInfo) -> None:
    """Let PyTorch use the cores that this process has, unless ``OMP_NUM_THREADS`` says how many.

    torchrun sets that to 1 on its own for each of several processes; its word does not count.
    """
    initialize_mkl()
    by_torchrun = "TORCHELASTIC_RUN_ID" in os.environ and here.local_world > 1
    if "OMP_NUM_THREADS" not in os.environ or by_torchrun:
        by_slurm = "SLURM_STEP_NUM_TASKS" in os.environ and not by_torchrun  # cores() is one task's share already
        threads = max(1, cores() // (1 if by_slurm else here.local_world))
        torch.set_num_threads(threads)
        if here.world > 1:  # else Lightning sets what it thinks fit
            os.environ["OMP_NUM_THREADS"] = str(threads)


def initialize_mkl() -> None:
    """Have MKL learn its processor in one thread, so that the functions of the first large tensor are exact.

    It does so at the first call of any of them (tanh, exp, sqrt, ...), and up to 2024.2 without a lock: of two threads
    that call first, each for a part of one tensor, one can take functions with errors of 1e-5 (PyTorch's issue 188792).
    """
    torch.zeros(1).tanh()
