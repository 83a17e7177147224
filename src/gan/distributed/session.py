"""Rank session: threads, device, process group and shared errors, for every command that runs on several ranks."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from gan.distributed.environment import rank_info
from gan.distributed.group import process_group, propagate_errors
from gan.host import cache_cuda_absence, set_threads

__all__ = ["rank_session"]


@contextmanager
def rank_session(device: torch.device | None = None) -> Iterator[torch.device]:
    """Set this process up as one of the ranks that a launcher started, or as the only one, and yield its device.

    Args:
        device: The device to use; None is the GPU of this local rank, or the CPU.

    Raises:
        UserError: On rank 0, for an error of any rank.
        SystemExit: On the other ranks, for an error that rank 0 reports.
    """
    info = rank_info()
    set_threads(info.local_world, info.world)
    cache_cuda_absence()
    if device is None:
        device = torch.device("cuda", info.local_rank) if torch.cuda.is_available() else torch.device("cpu")
    with process_group(device), propagate_errors():
        yield device
