"""Refusal of networks that do not fit in this machine's memory, before they are allocated."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import prod
from typing import Any, TypeVar

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from gan.errors import OutOfMemoryError, UserError
from gan.host import memory

__all__ = ["build_within_memory", "explaining_memory"]

COPIES = 3  # weights, gradients, and averages or states of optimisers
SMALL = 2**30  # bytes of weights that are allocated without counting first
LOWER = "lower data.batch_size, raise model.accumulate, or choose smaller networks or images"

T = TypeVar("T")


class _LargeError(Exception):
    """More weights than are allocated without counting."""


class _AllocationCounter(TorchDispatchMode):
    """Adds up the tensors that are created, and raises an error in place of the first one beyond a limit.

    Args:
        limit: Bytes.
        error: Returns the error for a number of bytes.
    """

    def __init__(self, limit: float, error: Callable[[int], Exception]) -> None:
        super().__init__()
        self.limit, self.error, self.allocated = limit, error, 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        shape = args[0] if args else None
        if isinstance(shape, list | tuple) and all(isinstance(size, int) for size in shape):  # a factory function
            self.allocated += prod(shape) * (kwargs.get("dtype") or torch.float32).itemsize
            if self.allocated > self.limit:
                raise self.error(self.allocated)
        return func(*args, **kwargs)


def build_within_memory(make: Callable[[], T]) -> T:
    """Build networks that will be trained, unless they are larger than this machine's memory.

    Large ones are first built without memory, on torch's meta device, to count their weights.

    Args:
        make: Builds the networks.

    Raises:
        OutOfMemoryError: If they do not fit. At most ``SMALL`` bytes have been allocated.
    """
    limit, state = memory() / COPIES, torch.get_rng_state()
    try:
        with _AllocationCounter(min(SMALL, limit), _LargeError):
            return make()
    except _LargeError:
        torch.set_rng_state(state)
    try:
        with torch.device("meta"), _AllocationCounter(limit, lambda size: MemoryError(_problem(size, limit))):
            make()
    except OutOfMemoryError:
        raise
    except (UserError, RuntimeError):
        pass  # a constructor that reads values cannot run without memory; what else is wrong, the next line repeats
    return make()


@contextmanager
def explaining_memory(advice: str = LOWER) -> Iterator[None]:
    """Say what to do when memory runs out.

    Args:
        advice: What to do.

    Raises:
        UserError: If it does.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError | torch.OutOfMemoryError) and "can't allocate memory" not in str(error):
            raise
        raise UserError(f"out of memory: {advice}") from error


def _problem(size: int, limit: float) -> str:
    needed, available = (f"{COPIES * count / 2**30:,.0f} GiB" for count in (size, limit))
    return f"networks, gradients and optimisers need at least {needed} of memory, and this machine has {available}"
