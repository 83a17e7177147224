"""Devices of this machine that a configuration selects."""

from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf
from pytorch_lightning.accelerators import CPUAccelerator, CUDAAccelerator, MPSAccelerator
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from gan.distributed.environment import RankInfo
from gan.errors import UserError

__all__ = ["device_of", "local_ranks"]

ALL = ("auto", "-1")


def local_ranks(trainer: DictConfig, info: RankInfo) -> int:
    """Return the number of ranks for this machine, one per device.

    Args:
        trainer: Lightning's options; ``devices`` is a number, a list of indices, or ``auto`` for all.
        info: This process's rank.

    Raises:
        UserError: If there are too few devices, or a launcher has started another number of processes.
    """
    launched = info.local_world > 1
    if launched and str(trainer.devices) in ALL:
        return info.local_world
    ranks = len(_indices(trainer)) if _on_cuda(trainer) else _processes(trainer)
    if launched and ranks != info.local_world:
        raise UserError(
            f"trainer.devices={trainer.devices}, but {info.local_world} processes were started on this machine: "
            "choose trainer=ddp"
        )
    if trainer.num_nodes not in (1, info.nodes):
        raise UserError(
            f"trainer.num_nodes={trainer.num_nodes}, but processes were started on {info.nodes}: start them with srun "
            "or torchrun, or with -m hydra/launcher=slurm"
        )
    return ranks


def device_of(trainer: DictConfig, info: RankInfo) -> torch.device:
    """Return the device of a rank."""
    if not _on_cuda(trainer):
        return torch.device("mps", 0) if _on_mps(trainer) else torch.device("cpu")
    every = str(trainer.devices) in ALL
    return torch.device("cuda", info.local_rank if every else _indices(trainer)[info.local_rank])


def _on_cuda(trainer: DictConfig) -> bool:
    if trainer.accelerator in ("auto", "gpu"):
        return CUDAAccelerator.is_available() or (trainer.accelerator == "gpu" and not MPSAccelerator.is_available())
    return trainer.accelerator == "cuda"


def _on_mps(trainer: DictConfig) -> bool:
    return trainer.accelerator == "mps" or (trainer.accelerator in ("auto", "gpu") and MPSAccelerator.is_available())


def _indices(trainer: DictConfig) -> list[int]:
    devices: Any = CUDAAccelerator.auto_device_count() if str(trainer.devices) in ALL else trainer.devices
    if devices == 0:
        raise UserError(f"trainer.accelerator={trainer.accelerator}, but there is no GPU here that PyTorch can use")
    try:
        return CUDAAccelerator.parse_devices(list(devices) if OmegaConf.is_list(devices) else devices) or []
    except MisconfigurationException as error:
        raise UserError(f"trainer: {' '.join(str(error).split())}") from error


def _processes(trainer: DictConfig) -> int:
    if str(trainer.devices) in ALL:
        return 1
    try:
        processes = CPUAccelerator.parse_devices(trainer.devices)
    except TypeError as error:
        raise UserError(f"trainer.devices={trainer.devices}: {error}") from error
    if processes > 1 and _on_mps(trainer):
        raise UserError(f"trainer.devices={processes}: a Mac has one GPU; several processes need trainer=cpu")
    return processes
