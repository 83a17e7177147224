"""Rank and world size of this process, from the environment of torchrun, srun or this package's launcher."""

import os
from dataclasses import dataclass

from pytorch_lightning.plugins.environments import SLURMEnvironment

from gan.errors import UserError

__all__ = ["RankInfo", "rank_info"]


@dataclass(frozen=True)
class RankInfo:
    """Position of this process among those of a run.

    Attributes:
        rank: Global rank.
        world: World size, the number of processes.
        local_rank: Rank on this machine.
        local_world: Number of processes on this machine.
    """

    rank: int = 0
    world: int = 1
    local_rank: int = 0
    local_world: int = 1

    @property
    def nodes(self) -> int:
        """Number of machines; each has the same number of processes."""
        return self.world // self.local_world


def rank_info() -> RankInfo:
    """Read this process's rank from the environment; without a launcher it is the only one.

    A local world size of 1 on several machines means that this process must start the other ranks of its machine. A
    Slurm step's variables are translated to torchrun's, which PyTorch and Lightning read.

    Raises:
        UserError: If a Slurm step has different numbers of tasks per node.
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
    number = int(slurm["JOB_ID"]) + 97 * int(slurm["STEP_ID"])  # different ports for jobs and steps that share a node
    os.environ.setdefault("MASTER_PORT", str(15000 + number % 10000))
