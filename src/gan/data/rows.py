"""Rows of a user's data set, with columns of encoded images and of text, wherever they are stored."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

from gan.data.order import Blocks
from gan.errors import UserError
from gan.image_files import EncodedImage

__all__ = ["Column", "Columns", "Rows"]


class Column(NamedTuple):
    """A column of rows.

    Attributes:
        option: Option that names it, for messages.
        name: Its name; None for the first one of images.
    """

    option: str
    name: str | None

    def __str__(self) -> str:
        return f"{self.option}={self.name or 'null'}"


class Columns(NamedTuple):
    """Columns that an example consists of.

    Attributes:
        images: Columns of images.
        texts: Columns of classes, captions or attributes.
    """

    images: tuple[Column, ...]
    texts: tuple[Column, ...] = ()


def is_single(cell: Any) -> bool:
    """Return whether a cell has a value that is no list."""
    return not (cell is None or isinstance(cell, list))


class Rows(ABC):
    """Rows of a split.

    Attributes:
        source: Name of what they are read from, for messages.
        blocks: Blocks of rows that are stored together; None for rows that are read in any order.
        nothing: What a row lacks that has no value in a column, for messages.
    """

    source: str
    blocks: Blocks | None = None
    nothing: ClassVar[str] = "no value"

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of rows."""

    @abstractmethod
    def images(self, column: Column) -> Sequence[EncodedImage]:
        """Return the images of a column, each of which is read when it is indexed."""

    @abstractmethod
    def cells(self, column: Column) -> Sequence[Any]:
        """Return the values of a column of text; None where a row has none."""

    @abstractmethod
    def place(self, row: int) -> str:
        """Return where a row is stored, for messages."""

    @abstractmethod
    def fingerprint(self) -> Any:
        """Return plain values that identify the rows."""

    @abstractmethod
    def classes(self, column: Column) -> list[Any]:
        """Return the values that occur in a column, or that are declared for it, in the order of classes.

        Rows that have none are left out or refused elsewhere.
        """

    def values(self, column: Column) -> Sequence[Any]:
        """Return the values of a column of text.

        Raises:
            UserError: If a row has none, or a list.
        """
        cells = self.cells(column)
        for row in self.lacking(column)[:1]:
            has = self.nothing if cells[row] is None else "a list, and no single value"
            raise UserError(
                f"{column}: {self.place(row)} has {has}: leave out the column with {column.option}=null, or such "
                "images with data.on_error=skip"
            )
        return cells

    def lacking(self, column: Column) -> list[int]:
        """Return the rows that have no single value in a column of text."""
        return [row for row, cell in enumerate(self.cells(column)) if not is_single(cell)]

    def occurring(self, column: Column) -> set[Any]:
        """Return the single values that occur in a column of text."""
        return set(filter(is_single, self.cells(column)))

    def sentences(self, column: Column) -> list[list[str]]:
        """Return the sentences of each row, of which there may be none or several.

        Raises:
            UserError: If a value is no text, and no list of texts.
        """
        return [self._sentences(row, cell, column) for row, cell in enumerate(self.cells(column))]

    def _sentences(self, row: int, cell: Any, column: Column) -> list[str]:
        texts = [] if cell is None else cell if isinstance(cell, list | tuple) else [cell]
        if not all(isinstance(text, str) for text in texts):
            raise UserError(f"{column}: {self.place(row)} has {type(cell).__name__}, and no text or list of texts")
        return [text for text in texts if text.strip()]
