"""How much memory a process has held."""

import resource
import sys
from pathlib import Path

import torch

__all__ = ["peak_memory"]


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
