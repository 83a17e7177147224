"""How much memory a process has held, and that it keeps what it has freed."""

import ctypes
import platform
import resource
import sys
from pathlib import Path

import torch

__all__ = ["peak_memory", "retain_freed_memory"]

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h


def retain_freed_memory() -> None:
    """Let this process keep up to 1 GiB that its tensors on the CPU have freed, for those of the next update.

    The C library soon hands what lies free back to the system, which gives it anew page by page, and zeroed. Blocks of
    more than 32 MiB, as data sets are, still go back at once. Does nothing where the library is not glibc.
    """
    if platform.libc_ver()[0] == "glibc":
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_THRESHOLD, 2**25)  # as high as all versions allow; it would come to it by and by
        mallopt(M_TRIM_THRESHOLD, 2**30)


def peak_memory(device: torch.device) -> float:
    """Return the most memory held so far, in bytes: a GPU's by its tensors, else this process's.

    On Linux, the system's word for it where a process has one of its own: `getrusage` counts its parent's too.
    """
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.is_file() else []
    for line in lines:
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
