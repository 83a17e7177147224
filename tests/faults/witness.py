"""Witness of what a process does: each program that it starts, module that it imports and file that it changes."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Deed", "Witness", "read_deeds"]

PROGRAMS = ("os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile", "subprocess.Popen", "pty.spawn")
CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod")
CONNECTIONS = ("socket.connect", "urllib.Request")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC

Deed = tuple[str, str]
"""Kind of a deed, and its object: a program, a module, a path, an address."""


@dataclass(frozen=True)
class Witness:
    """Audit hook that writes down the deeds of a process from its call on.

    Attributes:
        log: File for the deeds.
    """

    log: Path

    def __call__(self) -> None:
        lines = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

        def hook(event: str, values: tuple[Any, ...]) -> None:
            kind = _kind(event, values)
            if kind is not None:
                os.write(lines, f"{kind} {' '.join(str(values[0]).split())}\n".encode(errors="replace"))

        sys.addaudithook(hook)


def read_deeds(log: Path) -> list[Deed]:
    """Return the deeds that a witness wrote down."""
    lines = log.read_text(encoding="utf-8").splitlines()
    return [(kind, value) for kind, _, value in (line.partition(" ") for line in lines)]


def _kind(event: str, values: tuple[Any, ...]) -> str | None:
    """Return the kind of an audit event's deed; None if it changes nothing."""
    if event == "open":
        path, flags = values[0], values[2]
        return "write" if isinstance(flags, int) and flags & WRITING and not isinstance(path, int) else None
    if event in CHANGES:
        return "write"
    if event == "import":
        return "import"
    if event in PROGRAMS:
        return "program"
    return "connection" if event in CONNECTIONS else None
