"""Writing of files that are whole or absent, whatever ends the process, the disk or the machine."""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeGuard

from gan.errors import UserError, one_line

__all__ = [
    "WriteError",
    "atomic_path",
    "hard_link",
    "is_storage_fault",
    "remove_partials",
    "sync",
    "write_text",
    "writing",
]

SUFFIX = ".partial"
STORAGE_FAULTS = {
    getattr(errno, name)
    for name in ("EACCES", "EDQUOT", "EFBIG", "EIO", "ENAMETOOLONG", "ENOSPC", "EPERM", "EROFS", "ESTALE")
    if hasattr(errno, name)
}
"""Errors of a disk, a quota, a limit or a permission, rather than of a program."""


class WriteError(UserError):
    """Error of storage: a file could not be written, and what was there before is as it was."""


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn errors of the system into one that names the file being written.

    Raises:
        WriteError: If the system refuses.
    """
    try:
        yield
    except OSError as error:
        raise WriteError(f"cannot write {path} ({error.strerror or one_line(error)})") from error


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield the path of a new empty file that replaces ``path`` on success and is removed on error.

    It lies in the same folder under a name that nobody can predict, and is on the disk before it replaces the file. A
    link at ``path`` is replaced, never followed. A device such as /dev/null is written to.

    Args:
        path: The file to write; its folder is created.

    Raises:
        WriteError: If the system refuses.
    """
    if path.absolute().is_relative_to("/dev") and (path.is_char_device() or path.is_fifo()):
        with writing(path):
            yield path
        return
    partial = path.with_name(f"{path.name[:100]}.{secrets.token_hex(8)}{SUFFIX}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    with writing(path):
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(partial, flags, 0o666))  # less the umask
        try:
            yield partial
            with partial.open("r+b") as file:
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        sync(path.parent)


def hard_link(source: Path, path: Path) -> None:
    """Make a path another name of a file, atomically; a copy where the file system has no links.

    Raises:
        WriteError: If the system refuses.
    """
    with atomic_path(path) as partial:
        partial.unlink()
        try:
            os.link(source, partial)
        except OSError:
            shutil.copyfile(source, partial)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file atomically.

    Raises:
        WriteError: If the system refuses.
    """
    with atomic_path(path) as partial:
        partial.write_text(text, encoding="utf-8")


def sync(folder: Path) -> None:
    """Write a folder's list of names to the disk; Windows does so by itself."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems cannot, and their files are whole all the same
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_partials(folder: Path) -> None:
    """Delete the files in a folder, at any depth, that a killed process had not finished."""
    for partial in folder.rglob(f"*{SUFFIX}"):
        partial.unlink(missing_ok=True)


def is_storage_fault(error: BaseException) -> TypeGuard[OSError]:
    """Return whether an error is of the disk, a quota, a limit or a permission, rather than of a program."""
    return isinstance(error, OSError) and error.errno in STORAGE_FAULTS
