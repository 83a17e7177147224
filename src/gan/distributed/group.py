"""The process group of the ranks, collectives on it, and errors that all ranks share."""

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
from torch.distributed.nn.functional import all_gather, all_reduce
from torch.distributed.rendezvous import rendezvous

from gan.distributed.environment import rank_info
from gan.errors import UserError, one_line
from gan.float64 import to_float64

__all__ = [
    "all_true",
    "barrier",
    "broadcast_from_rank_zero",
    "check_same_settings",
    "differentiable_gather",
    "differentiable_mean_over_ranks",
    "gather_rows",
    "gather_tensor",
    "mean_over_ranks",
    "process_group",
    "propagate_errors",
    "rank_and_world",
    "rank_range",
    "rank_zero_first",
    "std_over_ranks",
    "sum_over_ranks",
]

Result = TypeVar("Result")
ROLL_CALL_SECONDS = 10.0  # for the remaining ranks to answer once one is missing
_stores: list[Store] = []


@contextmanager
def process_group(device: torch.device) -> Iterator[None]:
    """Join the process group that the launcher's environment names, if any, and destroy it at the end.

    Raises:
        UserError: If the ranks cannot connect.
    """
    info = rank_info()
    if info.world == 1 or dist.is_initialized():
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
                f"{address}, the address for the ranks, is in use: set MASTER_PORT to a free port"
            ) from error
        raise UserError(f"rank {info.rank} could not connect to the others at {address}: {one_line(error)}") from error
    _stores.append(store)
    try:
        yield
    finally:
        _stores.clear()
        dist.destroy_process_group()


@contextmanager
def propagate_errors() -> Iterator[None]:
    """Report an error of any rank on rank 0, in one line that names the rank.

    A rank whose collective fails because another rank has gone finds out which one, and why.

    Raises:
        UserError: On rank 0: its own error, another rank's, or that a rank ended without an error message.
        SystemExit: On other ranks, for an error that rank 0 reports.
    """
    try:
        yield
    except Exception as error:  # of any kind, so that the other ranks learn of it
        if not _stores:
            raise
        rank = dist.get_rank()
        if not _is_collective_failure(error):
            with suppress(RuntimeError):  # rank 0, which hosts the store, may be gone
                _stores[0].set(f"error/{rank}", one_line(error))
                if isinstance(error, UserError) and rank > 0:
                    raise SystemExit(2) from error
            raise
        reason = _failed_rank(_stores[0])
        if rank > 0 and not reason.startswith("rank 0"):
            raise SystemExit(2) from error
        raise UserError(reason) from error


def _is_collective_failure(error: Exception) -> bool:
    """Return whether an error means that another rank did not answer."""
    return isinstance(error, dist.DistError) or (type(error) is RuntimeError and "gloo" in str(error))


def _failed_rank(store: Store) -> str:
    """Name the rank that reported an error, or the ranks that do not answer a roll call."""
    rank, world = rank_and_world()
    gone = {other for other in range(world) if other != rank}
    deadline = monotonic() + ROLL_CALL_SECONDS
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
        return "rank 0 ended without an error message; it may have been killed"
    names = ", ".join(map(str, sorted(gone))) or "unknown"
    return f"rank {names} ended without an error message; it may have been killed"


def rank_and_world() -> tuple[int, int]:
    """Return this process's rank and the world size; 0 and 1 without a process group."""
    return (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)


def broadcast_from_rank_zero(function: Callable[[], Result]) -> Result:
    """Call a function on rank 0 only, and return its result on every rank."""
    if not dist.is_initialized():
        return function()
    results: list[Any] = [function() if dist.get_rank() == 0 else None]
    dist.broadcast_object_list(results)  # replaces None on the other ranks
    result: Result = results[0]
    return result


def rank_zero_first(function: Callable[[], Result]) -> Result:
    """Call a function on rank 0, then on the other ranks, which can load what rank 0 has cached."""
    if rank_and_world()[0] == 0:
        result = function()
        barrier()
        return result
    barrier()
    return function()


def check_same_settings(settings: Mapping[str, Any]) -> None:
    """Check that all ranks have the same settings, which may be nested.

    Raises:
        UserError: If a rank differs from rank 0; the message names it and the first setting that differs.
    """
    if not dist.is_initialized():
        return
    everyone: list[dict[str, Any]] = [{}] * dist.get_world_size()
    dist.all_gather_object(everyone, _flatten(settings))
    for rank, theirs in enumerate(everyone):
        for key in everyone[0] | theirs:
            ours = everyone[0].get(key)
            if ours != theirs.get(key):
                raise UserError(
                    f"ranks were started with different options: {key} is {ours} on rank 0, and {theirs.get(key)} on "
                    f"rank {rank}"
                )


def _flatten(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        flat |= _flatten(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return flat


def rank_range(num: int) -> range:
    """Return this rank's share of ``num`` indices: contiguous blocks of nearly equal size, in the order of ranks."""
    rank, world = rank_and_world()
    return range(num * rank // world, num * (rank + 1) // world)


def barrier() -> None:
    """Wait until all ranks arrive."""
    if dist.is_initialized():
        dist.barrier()


def all_true(answer: bool) -> bool:
    """Return whether the answer is true on all ranks."""
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


def differentiable_mean_over_ranks(tensor: Tensor) -> Tensor:
    """Return the mean of all ranks' tensors, of one shape, with a gradient to each.

    The gradient of the mean of all ranks' losses results if the ranks' gradients are averaged, as before each update.
    """
    if not dist.is_initialized():
        return tensor
    return all_reduce(tensor) / dist.get_world_size()


def differentiable_gather(tensor: Tensor) -> Tensor:
    """Concatenate all ranks' tensors, as ``gather_tensor`` does, with a gradient to each.

    As with ``differentiable_mean_over_ranks``, gradients are right if each rank's loss is that of the whole batch, and
    the ranks' gradients are averaged.
    """
    if not dist.is_initialized():
        return tensor
    return torch.cat(all_gather(tensor.contiguous()))


def gather_tensor(tensor: Tensor) -> Tensor:
    """Concatenate all ranks' tensors, of one shape, along the first dimension, in the order of ranks."""
    if not dist.is_initialized():
        return tensor
    parts = [torch.empty_like(tensor) for _ in range(dist.get_world_size())]
    dist.all_gather(parts, tensor.contiguous())
    return torch.cat(parts)


def std_over_ranks(tensor: Tensor) -> Tensor:
    """Return the standard deviation over the values of all ranks, from tensors of one shape."""
    if not dist.is_initialized():
        return tensor.std()
    numbers = to_float64(tensor.detach())
    total, squares = sum_over_ranks(torch.stack([numbers.sum(), numbers.square().sum()]))
    count = numbers.numel() * rank_and_world()[1]
    return ((squares - total.square() / count) / (count - 1)).sqrt().to(tensor)


def gather_rows(rows: list[Tensor]) -> Tensor:
    """Concatenate all ranks' tensors along the first dimension, in the order of ranks; a rank may have none."""
    parts: list[list[Tensor]] = [rows]
    if dist.is_initialized():
        parts = [[] for _ in range(dist.get_world_size())]
        dist.all_gather_object(parts, [torch.cat(rows).cpu()] if rows else [])
    return torch.cat([tensor for part in parts for tensor in part])
