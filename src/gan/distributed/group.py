"""The group of processes that a launcher such as torchrun started, and what they exchange."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import Tensor

__all__ = ["all_agree", "gather_rows", "joined", "rank_and_world", "share", "sum_over_ranks", "wait"]


@contextmanager
def joined(device: torch.device) -> Iterator[None]:
    """Join the group that the launcher's environment names, if there is one, and leave it at the end."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1 or dist.is_initialized():
        yield
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    dist.init_process_group("cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo")
    try:
        yield
    finally:
        dist.destroy_process_group()


def rank_and_world() -> tuple[int, int]:
    """Return this process's rank and the number of processes; 0 and 1 where it is alone."""
    return (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)


def share(num: int) -> range:
    """Return this rank's places out of ``num``: a block as even as can be, so that ranks follow one another."""
    rank, world = rank_and_world()
    return range(num * rank // world, num * (rank + 1) // world)


def wait() -> None:
    """Wait for all ranks."""
    if dist.is_initialized():
        dist.barrier()


def all_agree(answer: bool) -> bool:
    """Return whether all ranks say yes."""
    if not dist.is_initialized():
        return answer
    answers: list[bool] = [False] * dist.get_world_size()
    dist.all_gather_object(answers, answer)
    return all(answers)


def sum_over_ranks(tensor: Tensor) -> Tensor:
    """Return the sum of all ranks' tensors, of one shape."""
    if dist.is_initialized():
        tensor = tensor.clone()
        dist.all_reduce(tensor)
    return tensor


def gather_rows(rows: list[Tensor]) -> Tensor:
    """Join all ranks' tensors along their first dimension, in the order of ranks; a rank may have none."""
    parts: list[list[Tensor]] = [rows]
    if dist.is_initialized():
        parts = [[] for _ in range(dist.get_world_size())]
        dist.all_gather_object(parts, [torch.cat(rows).cpu()] if rows else [])
    return torch.cat([tensor for part in parts for tensor in part])
