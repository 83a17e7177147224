"""The mean over ranks of what an update needs: through memory that one machine's ranks share, or in few messages."""

import os
from pathlib import Path
from tempfile import mkstemp
from typing import Protocol

import torch
import torch.distributed as dist
from torch import Tensor

from gan.distributed.group import barrier, broadcast_from_rank_zero

__all__ = ["Exchange", "Messages", "SharedMemory", "exchange"]

MESSAGE = 25_000_000  # bytes of a message between ranks, at most
SHARED = Path("/dev/shm")  # files in memory, on Linux


class Exchange(Protocol):
    """Something that averages tensors over the ranks."""

    def average(self, tensors: list[Tensor]) -> None:
        """Give tensors, of one type and as many numbers in all at each call, the mean of all ranks', in place."""


def exchange(like: Tensor, size: int, shared_memory: bool) -> Exchange:
    """Choose how to average ``size`` numbers of the type and device of a tensor; all ranks must call it.

    Args:
        like: One of the tensors.
        size: Numbers in all.
        shared_memory: Whether the ranks are on one machine, and may share memory where it has enough.
    """
    if shared_memory and like.device.type == "cpu":
        world = dist.get_world_size()
        path = broadcast_from_rank_zero(lambda: _reserve(2 * world * size * like.itemsize))
        if path is not None:
            numbers = torch.from_file(path, shared=True, size=2 * world * size, dtype=like.dtype)
            barrier()
            broadcast_from_rank_zero(Path(path).unlink)  # the memory stays for as long as a rank has it
            return SharedMemory(numbers.view(2, world, size))
    return Messages(like.new_empty(size))


def _reserve(num_bytes: int) -> str | None:
    """Make a file in memory, with as many bytes for certain; None where there is no such file or not enough memory."""
    if not SHARED.is_dir():
        return None
    file, path = mkstemp(prefix="gan-", dir=SHARED)
    try:
        os.posix_fallocate(file, 0, num_bytes)
    except OSError:  # containers may have little of it
        Path(path).unlink()
        return None
    finally:
        os.close(file)
    return path


class Messages:
    """Averages through the process group, in messages of 25 MB and a last one of the rest.

    Args:
        buffer: Where tensors are put together, flat.
    """

    def __init__(self, buffer: Tensor) -> None:
        self.buffer = buffer

    @torch.no_grad()
    def average(self, tensors: list[Tensor]) -> None:
        views = _views(self.buffer, tensors)
        torch._foreach_copy_(views, tensors)
        for work in [dist.all_reduce(part, async_op=True) for part in self.buffer.split(MESSAGE // views[0].itemsize)]:
            work.wait()
        self.buffer.div_(dist.get_world_size())
        torch._foreach_copy_(tensors, views)


class SharedMemory:
    """Averages without a message but that all have written: each rank writes a row of its own, and reads all rows.

    Two sets of rows take turns. Who writes to one has heard from all others since they read it.

    Args:
        rows: Memory that all ranks have, with shape (2, ranks, numbers).
    """

    def __init__(self, rows: Tensor) -> None:
        self.rows, self.turn = rows, 0

    @torch.no_grad()
    def average(self, tensors: list[Tensor]) -> None:
        rows, self.turn = self.rows[self.turn], 1 - self.turn
        torch._foreach_copy_(_views(rows[dist.get_rank()], tensors), tensors)
        barrier()
        first, *others = [_views(row, tensors) for row in rows]
        torch._foreach_copy_(tensors, first)  # in the order of ranks, so that all get the same bits
        for other in others:
            torch._foreach_add_(tensors, other)
        torch._foreach_div_(tensors, len(rows))


def _views(flat: Tensor, tensors: list[Tensor]) -> list[Tensor]:
    """Give the parts of a flat tensor the shapes of others."""
    parts = flat.split([tensor.numel() for tensor in tensors])
    return [part.view_as(tensor) for part, tensor in zip(parts, tensors, strict=True)]
