"""File events of a process: the calls that open, rename, delete or sync files of a folder, numbered from one.

``watch`` replaces the functions of ``os`` and ``io`` in its own process; the package knows nothing of it.
"""

import builtins
import functools
import io
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Death", "read_log", "watch"]

CALLS = ("replace", "rename", "unlink", "remove", "mkdir", "rmdir", "link", "symlink", "truncate", "fsync", "open")


def watch(folder: Path, log: Path, act: Callable[[int, bool], None]) -> None:
    """Number the file events below a folder from now on.

    Args:
        folder: The folder.
        log: File outside it, to which a line is written before each event: the call and the path.
        act: Function called with an event's number before it (False) and after it (True).
    """
    lines, root, count = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), folder.absolute(), 0

    def place(path: Any) -> Path:
        return Path(f"/proc/self/fd/{path}").readlink() if isinstance(path, int) else Path(os.fsdecode(path)).absolute()

    def watched(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(call)
        def wrapper(path: Any, *arguments: Any, **settings: Any) -> Any:
            nonlocal count
            reads = name == "io.open" and not writes(*arguments, **settings)
            if reads or not (at := place(path)).is_relative_to(root):
                return call(path, *arguments, **settings)
            count += 1
            number = count  # of this event, during which others can occur
            os.write(lines, f"{name} {at.relative_to(root)}\n".encode())
            act(number, False)
            result = call(path, *arguments, **settings)
            act(number, True)
            return result

        return wrapper

    for name in CALLS:
        setattr(os, name, watched(name, getattr(os, name)))
    io.open = builtins.open = watched("io.open", io.open)


def writes(mode: str = "r", *_: Any, **__: Any) -> bool:
    """Return whether ``open`` with these arguments opens a file for writing."""
    return any(letter in mode for letter in "wax+")


def read_log(log: Path) -> list[str]:
    """Return the file events that ``watch`` wrote down."""
    return log.read_text(encoding="utf-8", errors="replace").splitlines() if log.is_file() else []


@dataclass(frozen=True)
class Death:
    """SIGKILL at a file event.

    Attributes:
        folder: Folder whose events count.
        log: File for the events.
        number: Number of the event; zero for none.
        after: Whether the process dies after the event rather than before it.
    """

    folder: Path
    log: Path
    number: int = 0
    after: bool = False

    def __call__(self) -> None:
        watch(self.folder, self.log, self._act)

    def _act(self, number: int, after: bool) -> None:
        if (number, after) == (self.number, self.after):
            os.kill(os.getpid(), signal.SIGKILL)
