"""Reading of files that may be damaged or foreign: regular files alone, of limited size, without importing torch."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

__all__ = ["open_regular", "read_bytes", "read_text"]

MAX_BYTES = 64 * 2**20  # of a file that is read as a whole


@contextmanager
def open_regular(path: Path) -> Iterator[BinaryIO]:
    """Open a regular file for reading; a pipe would be waited for, and a device has no end.

    Raises:
        OSError: If it cannot be read, or is no regular file.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        yield file


def read_bytes(path: Path, limit: int = MAX_BYTES) -> bytes:
    """Read a regular file as a whole.

    Raises:
        OSError: If it cannot be read, is no regular file, or has more than ``limit`` bytes.
    """
    with open_regular(path) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise OSError(errno.EFBIG, f"more than {limit:,} bytes", str(path))
    return data


def read_text(path: Path, limit: int = MAX_BYTES) -> str:
    """Read a regular text file as a whole; bytes that are not UTF-8 are replaced.

    Raises:
        OSError: As of ``read_bytes``.
    """
    return read_bytes(path, limit).decode("utf-8", errors="replace")
