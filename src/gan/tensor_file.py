"""Files of tensors and plain values, as ``torch.save`` writes them, which cannot change unnoticed.

The SHA-256 of every byte is the comment at the end of the ZIP archive: it is copied and moved with the file, and other
programs read the file as ever. A file that another program has saved anew has none: its archive has checksums.
"""

import os
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import ZIP_STORED, ZipFile

import torch

from gan.errors import UserError
from gan.formats import printable
from gan.runs.writing import atomic_path

__all__ = ["DamagedError", "check", "load", "save"]

MARK = b"sha256:"
NO_COMMENT = b"\0\0"  # length of the comment, the last field of an archive without one
COMMENT_LENGTH = (len(MARK) + 64).to_bytes(2, "little")
TAIL = len(COMMENT_LENGTH + MARK) + 64
ZIP_END, ZIP_END_SIZE = b"PK\5\6", 22
CHUNK = 2**20


class DamagedError(UserError):
    """File that is not as it was written.

    Attributes:
        path: The file.
        reason: What is wrong with it.
    """

    def __init__(self, path: Path, reason: str, state: str = "damaged") -> None:
        super().__init__(f"{path} is {state} ({reason})")
        self.path, self.reason = path, reason


def save(contents: Any, path: Path) -> None:
    """Write tensors and plain values atomically, with a digest.

    Raises:
        WriteError: If the system refuses.
    """
    with atomic_path(path) as partial, partial.open("r+b") as file:
        hashed = _HashedFile(file)
        torch.save(contents, hashed)  # type: ignore[arg-type]  # it calls write and flush alone
        if hashed.error is not None:
            raise hashed.error
        file.seek(-len(NO_COMMENT), os.SEEK_END)
        file.write(COMMENT_LENGTH + MARK + hashed.digest.hexdigest().encode())


def load(path: Path) -> Any:
    """Read tensors, on the CPU, and plain values, without running any code in the file.

    Raises:
        DamagedError: If a byte has changed, or the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            _check(file)
            file.seek(0)
            return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # zipfile and torch raise many types for damaged files, or files that hold code
        raise DamagedError(path, _reason(error)) from error


def check(path: Path) -> None:
    """Check that no byte of a file has changed, without reading its contents.

    Raises:
        DamagedError: If one has, or the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            _check(file)
    except Exception as error:  # as in ``load``
        raise DamagedError(path, _reason(error)) from error


class _HashedFile:
    """Binary file that hashes what is written, and keeps an error of writing, which torch would replace by its own."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.digest = file, sha256()
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        if self.error is None:
            try:
                self.file.write(data)
            except OSError as error:
                self.error = error
        return len(data)

    def flush(self) -> None:
        """Do nothing: closing the file flushes it."""


def _check(file: BinaryIO) -> None:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - TAIL))
    tail = file.read()
    if tail.startswith(COMMENT_LENGTH + MARK):
        file.seek(0)
        digest = sha256()
        for start in range(0, size - TAIL, CHUNK):
            digest.update(file.read(min(CHUNK, size - TAIL - start)))
        digest.update(NO_COMMENT)
        if tail != COMMENT_LENGTH + MARK + digest.hexdigest().encode():
            raise ValueError("its digest is of other contents")
        return
    if tail[-ZIP_END_SIZE:][: len(ZIP_END)] != ZIP_END or not tail.endswith(NO_COMMENT):
        raise ValueError("it does not end as an archive of torch.save does")
    with ZipFile(file) as archive:
        members = archive.infolist()
        if any(member.compress_type != ZIP_STORED for member in members) or sum(m.file_size for m in members) > size:
            raise ValueError("its archive is not one of torch.save")
        if (wrong := archive.testzip()) is not None:
            raise ValueError(f"the checksum of {wrong} is of other contents")


def _reason(error: Exception) -> str:
    """Return torch's reason without its advice, which is to load with ``weights_only=False``."""
    lines = str(error).rpartition("WeightsUnpickler error:")[2].splitlines()
    reasons = [line.strip() for line in lines if line.strip() and not line.startswith("Weights only load failed")]
    return printable(reasons[0].partition(". ")[0], 120) if reasons else type(error).__name__
