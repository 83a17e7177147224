"""Number of loading processes whose batches fit in shared memory."""

import logging

from gan.host import free_shared_memory

__all__ = ["workers_that_fit"]

log = logging.getLogger(__name__)

SHARED_COPIES = 4  # batches per loading process: two that wait, one in the making, and a condition or margin


def workers_that_fit(wanted: int, batch_bytes: int) -> int:
    """Return the number of loading processes: none if their batches do not fit in shared memory.

    A process that finds no room there is killed or waits for ever. Docker gives a container 64 MB.

    Args:
        wanted: Number of processes asked for.
        batch_bytes: Size of a batch, of all ranks together.
    """
    free = free_shared_memory()
    needed = SHARED_COPIES * batch_bytes * wanted
    if wanted == 0 or free is None or needed <= free:
        return wanted
    log.warning(
        "data.num_workers=%d needs %d MB of shared memory, of which %d MB are free: rows are loaded without further "
        "processes, which may be slower; give it more (docker run --shm-size=2g)",
        wanted,
        -(-needed // 2**20),
        free // 2**20,
    )
    return 0
