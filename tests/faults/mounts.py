"""Small file systems in memory, which this process and its children alone see; they need root on Linux."""

import ctypes
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["enter_namespace", "remount", "small_disk"]

CLONE_NEWNS = 0x20000
SIZE = "64m"


def enter_namespace() -> bool:
    """Give this process a mount namespace of its own; return whether that was possible."""
    unshare = getattr(ctypes.CDLL(None), "unshare", None)  # os.unshare is of Python 3.12
    if unshare is None or unshare(CLONE_NEWNS) != 0:
        return False
    return _mount("--make-rprivate", "/")


@contextmanager
def small_disk(path: Path) -> Iterator[bool]:
    """Mount a small file system at a path; yield whether that was possible."""
    path.mkdir(exist_ok=True)
    mounted = _mount("-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(path))
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", str(path)], check=True)


def remount(path: Path, how: str) -> bool:
    """Mount a file system again, ``ro`` or ``rw``."""
    return _mount("-o", f"remount,{how}", str(path))


def _mount(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], capture_output=True).returncode == 0
