"""Rows of tar files of samples, as WebDataset stores them."""

from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from typing import Any, ClassVar

import numpy as np

from gan.data.lazy_sequence import LazySequence
from gan.data.order import Blocks
from gan.data.rows import Column, Columns, Rows
from gan.data.tar_index import TarIndex, is_field, sample_key
from gan.formats import printable
from gan.image_files import EncodedImage

__all__ = ["TarImages", "TarRows"]


class TarRows(Rows):
    """Samples of several tar files, which are blocks of rows.

    Args:
        files: The files' indices.
        columns: The columns that were indexed.
        mixed: Number of files whose rows are shuffled together.
        folder: Name of the files, for messages.
    """

    nothing: ClassVar[str] = "no such member"

    def __init__(self, files: Sequence[TarIndex], columns: Columns, mixed: int, folder: str) -> None:
        self.files, self.columns = files, columns
        self.starts = np.cumsum([0, *map(len, files)])
        self.blocks = Blocks(self.starts[:-1], mixed)
        self.source = f"{len(files):,} shards of {printable(folder)}"

    def __len__(self) -> int:
        return int(self.starts[-1])

    def images(self, column: Column) -> "TarImages":
        return TarImages(self.files, self.columns.images.index(column))

    def cells(self, column: Column) -> list[Any]:
        return self._texts[self.columns.texts.index(column)]

    def sentences(self, column: Column) -> list[list[str]]:
        """Return the sentences of each row: the lines of a member, or a field of one, which may be a list."""
        found = super().sentences(column)
        if is_field(str(column.name)):
            return found
        return [[line.strip() for text in texts for line in text.split("\n") if line.strip()] for texts in found]

    def place(self, row: int) -> str:
        number = int(np.searchsorted(self.starts, row, side="right")) - 1
        name = self.files[number].names[row - self.starts[number], 0].decode("utf-8", "replace")
        return printable(f"{self.files[number].path}:{sample_key(name)}")

    def fingerprint(self) -> Any:
        return [(str(file.path.resolve()), file.path.stat().st_mtime_ns, len(file)) for file in self.files]

    def classes(self, column: Column) -> list[Any]:
        """Return the values that occur, in numerical order if all are numbers, and in alphabetical order otherwise."""
        found = self.occurring(column)
        return sorted(found, key=int) if all(value.isascii() and value.isdigit() for value in found) else sorted(found)

    @cached_property
    def _texts(self) -> list[list[Any]]:
        """Text of each column and row."""
        return [list(chain(*parts)) for parts in zip(*(file.texts() for file in self.files), strict=True)]


class TarImages(LazySequence[EncodedImage]):
    """Images of a column of several tar files, each of which is read when it is indexed.

    Args:
        files: The files' indices.
        column: Number of the column of images.
    """

    def __init__(self, files: Sequence[TarIndex], column: int) -> None:
        self.paths = [file.path for file in files]
        self.members = [tuple(x[:, column] for x in (file.names, file.offsets, file.sizes)) for file in files]
        self.starts = np.cumsum([0, *map(len, files)])

    def __len__(self) -> int:
        return int(self.starts[-1])

    def item(self, index: int) -> EncodedImage:
        number = int(np.searchsorted(self.starts, index, side="right")) - 1
        name, offset, size = (values[index - self.starts[number]] for values in self.members[number])
        path = self.paths[number]
        with path.open("rb") as file:
            file.seek(offset)
            return EncodedImage(f"{path}:{name.decode('utf-8', 'replace')}", file.read(size))
