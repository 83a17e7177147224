"""This machine: cores, threads, memory, signals, half-precision units, and the versions of installed packages."""

import ctypes
import os
import platform
import shutil
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from threading import current_thread, main_thread
from types import FrameType

import torch

__all__ = [
    "available_signals",
    "cache_cuda_absence",
    "cores",
    "fast_precision",
    "free_shared_memory",
    "initialize_mkl",
    "memory",
    "peak_memory",
    "processor",
    "retain_freed_memory",
    "set_threads",
    "signal_handlers",
    "versions",
]

BF16_FLAGS = {"amx_bf16", "avx512_bf16"}  # as Linux names them
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
PACKAGES = ("pytorch-lightning", "torch", "torchmetrics", "torchvision")


def cores() -> int:
    """Return the number of cores that this process may use: by affinity, container quota and Slurm's allocation."""
    limits = [len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1]
    for path in (Path("/sys/fs/cgroup/cpu.max"), Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")):
        if path.is_file():
            limits += _container_quota(path)
    if "SLURM_CPUS_PER_TASK" in os.environ:
        limits.append(int(os.environ["SLURM_CPUS_PER_TASK"]))
    elif "SLURM_CPUS_ON_NODE" in os.environ:
        tasks = int(os.environ.get("SLURM_STEP_NUM_TASKS", "1")) // int(os.environ.get("SLURM_STEP_NUM_NODES", "1"))
        limits.append(int(os.environ["SLURM_CPUS_ON_NODE"]) // max(1, tasks))
    return max(1, min(limits))


def _container_quota(path: Path) -> list[int]:
    """Read a container's CPU quota in whole cores; an empty list means no limit."""
    words = path.read_text(encoding="utf-8").split()
    period = words[1] if len(words) > 1 else path.with_name("cpu.cfs_period_us").read_text(encoding="utf-8")
    return [] if words[0] in ("max", "-1") else [int(words[0]) // int(period)]


def set_threads(local_world: int = 1, world: int = 1) -> None:
    """Let PyTorch use the cores of this process, unless ``OMP_NUM_THREADS`` is set.

    torchrun sets that variable to 1 whenever it starts several processes; its value is ignored.

    Args:
        local_world: Number of processes on this machine, which share its cores.
        world: Number of processes on all machines.
    """
    initialize_mkl()
    by_torchrun = "TORCHELASTIC_RUN_ID" in os.environ and local_world > 1
    if "OMP_NUM_THREADS" not in os.environ or by_torchrun:
        by_slurm = "SLURM_STEP_NUM_TASKS" in os.environ and not by_torchrun  # cores() is already one task's share
        threads = max(1, cores() // (1 if by_slurm else local_world))
        torch.set_num_threads(threads)
        if world > 1:  # otherwise Lightning overrides it
            os.environ["OMP_NUM_THREADS"] = str(threads)


def initialize_mkl() -> None:
    """Call one MKL vector function from a single thread, so that the first large tensor is computed exactly.

    MKL detects the processor at the first call of any such function (tanh, exp, sqrt, ...), up to version 2024.2
    without a lock: when two threads make that first call, one may use kernels with errors of 1e-5 (PyTorch issue
    188792).
    """
    torch.zeros(1).tanh()


def cache_cuda_absence() -> None:
    """Let PyTorch remember that there is no GPU.

    Lightning makes it query the driver library, which is searched for at each optimiser step: 0.2 ms per update.
    """
    if not torch.cuda.is_available():
        os.environ.pop("PYTORCH_NVML_BASED_CUDA_CHECK", None)


def fast_precision(device: torch.device) -> str:
    """Return ``bf16-mixed`` if the device has units for it: a GPU since Ampere, a CPU with AMX or AVX-512 BF16."""
    if device.type == "cuda":
        return "bf16-mixed" if torch.cuda.get_device_capability(device) >= (8, 0) else "32-true"
    return "bf16-mixed" if device.type == "cpu" and BF16_FLAGS & _cpu_flags() else "32-true"


def _cpu_flags() -> set[str]:
    """Read the CPU's feature flags on Linux; an empty set elsewhere."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return set(next((line for line in lines if line.startswith("flags")), "").split())


def retain_freed_memory() -> None:
    """Keep up to 1 GiB of freed CPU memory in this process for the next update.

    glibc returns free memory to the system early, which then hands it out again page by page, zeroed. Blocks above
    32 MiB, such as data sets, are still returned at once. No effect with other C libraries.
    """
    if platform.libc_ver()[0] == "glibc":
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_THRESHOLD, 2**25)  # the highest value that all versions allow
        mallopt(M_TRIM_THRESHOLD, 2**30)


def memory() -> float:
    """Return the bytes of memory that this process may use, by machine and container; infinite if unknown."""
    known = {"SC_PAGE_SIZE", "SC_PHYS_PAGES"} <= getattr(os, "sysconf_names", {}).keys()
    limits = [os.sysconf("SC_PAGE_SIZE") * float(os.sysconf("SC_PHYS_PAGES")) if known else float("inf")]
    for path in (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")):
        text = path.read_text(encoding="utf-8").strip() if path.is_file() else "max"
        limits += [] if text == "max" else [float(text)]
    return min(limits)


def free_shared_memory() -> int | None:
    """Return the free bytes of the memory by which processes share tensors; None where it has no limit of its own."""
    try:
        return shutil.disk_usage("/dev/shm").free  # Linux
    except OSError:
        return None


def peak_memory(device: torch.device) -> float:
    """Return the peak memory so far in bytes: allocated tensors on a GPU, otherwise this process's resident set.

    Read from /proc where it exists; getrusage also counts the parent process.
    """
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.is_file() else []
    for line in lines:
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return 0.0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def available_signals(*names: str) -> list[signal.Signals]:
    """Return the signals of some names that this system has; Windows lacks those of users and clusters."""
    return [signal.Signals[name] for name in names if hasattr(signal, name)]


@contextmanager
def signal_handlers(
    numbers: Iterable[signal.Signals], handler: Callable[[int, FrameType | None], None] | signal.Handlers
) -> Iterator[None]:
    """Handle signals in this context, those that can be handled.

    A process that ignores SIGHUP, as below nohup, keeps ignoring it. Outside the main thread, as in an agent of a
    sweep, Python allows no handlers, and the main thread's remain.
    """
    if current_thread() is not main_thread():
        yield
        return
    kept = {number for number in numbers if number.name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN}
    before = {number: signal.signal(number, handler) for number in numbers if number not in kept}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def processor() -> str:
    """Return the model of the CPU as the system names it; its architecture where there is no such name."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that affect results."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}
