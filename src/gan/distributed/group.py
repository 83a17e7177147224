"""The group of processes that a launcher started, and what they exchange."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from time import monotonic, sleep
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.distributed_c10d import Store
from torch.distributed.rendezvous import rendezvous

from gan.distributed.environment import rank_info
from gan.errors import UserError, one_line

__all__ = [
    "all_true",
    "barrier",
    "broadcast_from_rank_zero",
    "check_same_settings",
    "gather_rows",
    "mean_over_ranks",
    "process_group",
    "propagate_errors",
    "rank_and_world",
    "rank_range",
    "std_over_ranks",
    "sum_over_ranks",
]

Result = TypeVar("Result")
PATIENCE = 10.0  # seconds for the ranks that are left to answer, once one is missing
_stores: list[Store] = []


@contextmanager
def process_group(device: torch.device) -> Iterator[None]:
    """Join the group that the launcher's environment names, if there is one, and leave it at the end.

    Raises:
        UserError: If the ranks cannot meet.
    """
    here = rank_info()
    if here.world == 1 or dist.is_initialized():
        yield
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    address = f"{os.environ.get('MASTER_ADDR')}:{os.environ.get('MASTER_PORT')}"
    try:
        store, rank, world = next(rendezvous("env://", timeout=timedelta(minutes=5)))
        backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
        dist.init_process_group(backend, store=store, rank=rank, world_size=world)
    except (RuntimeError, ValueError) as error:
        if "EADDRINUSE" in str(error):
            raise UserError(
                f"{address}, where ranks were to meet, is in use: set MASTER_PORT to a free port"
            ) from error
        raise UserError(f"rank {here.rank} did not meet the others at {address}: {one_line(error)}") from error
    _stores.append(store)
    try:
        yield
    finally:
        _stores.clear()
        dist.destroy_process_group()


@contextmanager
def propagate_errors() -> Iterator[None]:
    """Let an error of any rank be the first one's to tell, in one line that names the rank.

    A rank that another one has left in the middle of an exchange finds out which, and why.

    Raises:
        UserError: The first rank's own error, or that of another; or that a rank ended without a word.
        SystemExit: On the other ranks, for an error that the first one knows of.
    """
    try:
        yield
    except Exception as error:  # every kind, for the others to know of
        if not _stores:
            raise
        rank = dist.get_rank()
        if not _is_of_exchange(error):
            with suppress(RuntimeError):  # the first rank, which keeps the store, may be gone
                _stores[0].set(f"error/{rank}", one_line(error))
                if isinstance(error, UserError) and rank > 0:
                    raise SystemExit(2) from error
            raise
        reason = _who_left(_stores[0])
        if rank > 0 and not reason.startswith("rank 0"):
            raise SystemExit(2) from error
        raise UserError(reason) from error


def _is_of_exchange(error: Exception) -> bool:
    """Tell whether an error says that another rank did not answer."""
    return isinstance(error, dist.DistError) or (type(error) is RuntimeError and "gloo" in str(error))


def _who_left(store: Store) -> str:
    """Name a rank that failed, with its error, or that does not answer a roll call."""
    rank, world = rank_and_world()
    gone = {other for other in range(world) if other != rank}
    deadline = monotonic() + PATIENCE
    try:
        store.set(f"here/{rank}", "")
        while gone and monotonic() < deadline:
            for other in sorted(gone):
                if store.check([f"error/{other}"]):
                    return f"rank {other}: {store.get(f'error/{other}').decode()}"
                if store.check([f"here/{other}"]):
                    gone.discard(other)
            sleep(0.1)
    except RuntimeError:
        return "rank 0 ended without a word, killed perhaps"
    names = ", ".join(map(str, sorted(gone))) or "unknown"
    return f"rank {names} ended without a word, killed perhaps"


def rank_and_world() -> tuple[int, int]:
    """Return this process's rank and the number of processes; 0 and 1 where it is alone."""
    return (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)


def broadcast_from_rank_zero(function: Callable[[], Result]) -> Result:
    """Return what a function gives on the first rank, which alone calls it."""
    if not dist.is_initialized():
        return function()
    results = [function() if dist.get_rank() == 0 else None]
    dist.broadcast_object_list(results)
    return results[0]  # type: ignore[return-value]  # the others' None has been replaced by now


def check_same_settings(settings: Mapping[str, Any]) -> None:
    """Check that all ranks have the same settings, which may be nested.

    Raises:
        UserError: If one has others than the first; it is named, with the first setting that differs.
    """
    if not dist.is_initialized():
        return
    everyone: list[dict[str, Any]] = [{}] * dist.get_world_size()
    dist.all_gather_object(everyone, _flat(settings))
    for rank, theirs in enumerate(everyone):
        for key in everyone[0] | theirs:
            ours = everyone[0].get(key)
            if ours != theirs.get(key):
                raise UserError(
                    f"ranks were started with different options: {key} is {ours} on rank 0, and {theirs.get(key)} on "
                    f"rank {rank}"
                )


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return flat


def rank_range(num: int) -> range:
    """Return this rank's indices out of ``num``: a block as even as can be, so that ranks follow one another."""
    rank, world = rank_and_world()
    return range(num * rank // world, num * (rank + 1) // world)


def barrier() -> None:
    """Wait for all ranks."""
    if dist.is_initialized():
        dist.barrier()


def all_true(answer: bool) -> bool:
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


def mean_over_ranks(tensor: Tensor) -> Tensor:
    """Return the mean of all ranks' tensors, of one shape."""
    return sum_over_ranks(tensor) / rank_and_world()[1]


def std_over_ranks(tensor: Tensor) -> Tensor:
    """Return the standard deviation of all ranks' numbers together, from tensors of one shape."""
    if not dist.is_initialized():
        return tensor.std()
    numbers = tensor.detach().double()
    total, squares = sum_over_ranks(torch.stack([numbers.sum(), numbers.square().sum()]))
    count = numbers.numel() * rank_and_world()[1]
    return ((squares - total.square() / count) / (count - 1)).sqrt().to(tensor.dtype)


def gather_rows(rows: list[Tensor]) -> Tensor:
    """Join all ranks' tensors along their first dimension, in the order of ranks; a rank may have none."""
    parts: list[list[Tensor]] = [rows]
    if dist.is_initialized():
        parts = [[] for _ in range(dist.get_world_size())]
        dist.all_gather_object(parts, [torch.cat(rows).cpu()] if rows else [])
    return torch.cat([tensor for part in parts for tensor in part])
