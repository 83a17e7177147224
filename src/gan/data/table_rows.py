"""Rows of a table of the Hugging Face library."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan.data.lazy_sequence import LazySequence
from gan.data.rows import Column, Columns, Rows
from gan.errors import UserError
from gan.extras import import_extra
from gan.formats import listed, printable
from gan.image_files import EncodedImage

if TYPE_CHECKING:
    import datasets

__all__ = ["TableImages", "TableRows"]

ENCODED = ("binary", "large_binary")


class TableRows(Rows):
    """Rows of a table, whose images are not decoded.

    Args:
        table: The table.
        columns: Columns that are needed.
        path: Name of the data set, for messages.

    Raises:
        UserError: If a column is missing, or one of images holds something else.
    """

    def __init__(self, table: "datasets.Dataset", columns: Columns, path: str) -> None:
        self.source, self.library = printable(path), import_extra("datasets", "huggingface", "data=huggingface")
        self.table = table
        self.names = {column: self._name(column) for kind in columns for column in kind}
        for column in columns.images:
            name = self.names[column]
            if not self._holds_images(name):
                raise UserError(f"{column}: the column holds {table.features[name]}, and no images")
            self.table = self.table.cast_column(name, self.library.Image(decode=False))

    def __len__(self) -> int:
        return len(self.table)

    def images(self, column: Column) -> "TableImages":
        return TableImages(self.table, self.names[column], self.source)

    def cells(self, column: Column) -> list[Any]:
        return list(self.table.with_format(None)[self.names[column]])

    def place(self, row: int) -> str:
        return f"row {row:,} of {self.source}"

    def fingerprint(self) -> Any:
        return self.table._fingerprint, len(self.table)

    def classes(self, column: Column) -> list[Any]:
        """Return the numbers of declared classes, or the values that occur, sorted."""
        declared = getattr(self.table.features[self.names[column]], "names", None)
        return list(range(len(declared))) if declared else sorted(self.occurring(column))

    def _name(self, column: Column) -> str:
        """Return the name of a column, or of the first one of images."""
        names = self.table.column_names
        declared = (name for name in names if isinstance(self.table.features[name], self.library.Image))
        first = next(declared, next(filter(self._holds_images, names), None))
        if (name := column.name or first) not in names:
            has = listed([printable(name, 60) for name in names[:10]], len(names))
            raise UserError(f"{column}: {self.source} has the columns {has}")
        return str(name)

    def _holds_images(self, name: str) -> bool:
        """Return whether a column is declared as images, or has bytes, or structs of bytes as pandas and pyarrow do."""
        feature = self.table.features[name]
        content = feature.get("bytes") if isinstance(feature, dict) else feature
        return isinstance(feature, self.library.Image) or getattr(content, "dtype", None) in ENCODED


class TableImages(LazySequence[EncodedImage]):
    """Images of a column, each of which is read when it is indexed.

    Args:
        table: Table whose images are not decoded.
        column: The column.
        source: Name of the data set, for messages.
    """

    def __init__(self, table: "datasets.Dataset", column: str, source: str) -> None:
        self.table, self.column, self.source = table.select_columns([column]), column, source

    def __len__(self) -> int:
        return len(self.table)

    def item(self, index: int) -> EncodedImage:
        value = self.table[index][self.column]
        place = f"row {index:,} of {self.source}"
        if value is None:
            raise UserError(f"{place} has no image in the column {self.column}")
        name, content = value["path"], value["bytes"]
        return EncodedImage(name or place, Path(name).read_bytes() if content is None else content)
