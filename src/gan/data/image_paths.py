"""Paths of many files below a folder, held in two arrays."""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from gan.data.lazy_sequence import LazySequence

__all__ = ["ImagePaths"]


class ImagePaths(LazySequence[Path]):
    """Paths below a folder. A million take as many bytes as their names, and are not copied by loading processes.

    Args:
        root: The folder.
        names: Paths relative to it, encoded and one after the other, uint8 with shape (number of bytes,).
        ends: Position of each path's end in ``names``, int64 with shape (N,).
    """

    def __init__(self, root: Path, names: np.ndarray, ends: np.ndarray) -> None:
        self.root, self.names, self.ends = root, names, ends

    @classmethod
    def of_names(cls, root: Path, names: Iterable[str]) -> "ImagePaths":
        """Hold the paths of files by their paths relative to a folder."""
        encoded = [os.fsencode(name) for name in names]
        ends = np.cumsum([len(name) for name in encoded], dtype=np.int64)
        return cls(root, np.frombuffer(b"".join(encoded), np.uint8), ends)

    def __len__(self) -> int:
        return len(self.ends)

    def item(self, index: int) -> Path:
        return self.root / self.name(index)

    def name(self, index: int) -> str:
        """Return the path of a file relative to the folder.

        Raises:
            IndexError: If there is no such file.
        """
        index = range(len(self))[index]
        start = self.ends[index - 1] if index else 0
        return os.fsdecode(self.names[start : self.ends[index]].tobytes())
