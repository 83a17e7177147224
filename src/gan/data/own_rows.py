"""Base class of data modules of a user's own rows, each of which has columns, such as an image and its class."""

import logging
from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np

from gan.data.base import Split
from gan.data.order import hold_out
from gan.data.own_images import OwnImages
from gan.data.rows import Column, Columns, Rows
from gan.data.streamed_images import Decoder, StreamedImages
from gan.digest import digest_of_values
from gan.errors import UserError
from gan.formats import listed, printable

__all__ = ["OwnRows"]

log = logging.getLogger(__name__)


class OwnRows(OwnImages):
    """Rows of a user's files, of which a share is held out if no files are.

    Two kinds of classes derive from it, and a data module from one of each: a *source* says where rows are read from
    (``read``), and an *example* says which columns a row needs (``columns``), and what is made of them.

    Args:
        **settings: Arguments of OwnImages.
    """

    path: str

    def __init__(self, **settings: Any) -> None:
        self._left_out = dict[Split, frozenset[int]]()
        super().__init__(**settings)

    @property
    @abstractmethod
    def columns(self) -> Columns:
        """Columns that a row needs."""

    @abstractmethod
    def read(self, split: Split) -> Rows | None:
        """Read rows; None if there are none that are stored as held out.

        Raises:
            UserError: If files are missing or damaged, or lack a column.
        """

    @cached_property
    def training_source(self) -> Rows:
        """Rows of training images, or all rows if none are stored as held out."""
        rows = self.read("train")
        assert rows is not None
        return rows

    @cached_property
    def held_out_source(self) -> Rows | None:
        """Rows that are stored as held out, if there are any."""
        return self.read("test")

    def source(self, split: Split) -> Rows:
        """Return the rows among which those of a split are."""
        held_out = self.held_out_source if split == "test" else None
        return self.training_source if held_out is None else held_out

    def chosen(self, split: Split) -> list[int]:
        """Return the indices of a split's rows among those of its source.

        Raises:
            UserError: If there are too few rows to hold some out.
        """
        number, left_out = len(self.source(split)), self.left_out(split)
        if self.held_out_source is not None:
            rows: Sequence[int] = range(number)
        elif number < 4:
            raise UserError(f"data.path: {printable(self.path)} has {number} images, too few to hold some out")
        else:
            rows = hold_out(number, self.test_share, split)
        return [row for row in rows if row not in left_out]

    def lacking(self, rows: Rows) -> dict[Column, list[int]]:
        """Return the rows that lack what an example needs, by column of text; images are read later."""
        return {column: rows.lacking(column) for column in self.columns.texts}

    def left_out(self, split: Split) -> frozenset[int]:
        """Return the rows of a split's source that lack a value and are skipped, and log them the first time."""
        name: Split = "train" if self.held_out_source is None else split
        if self.on_error == "skip" and name not in self._left_out:
            rows = self.source(split)
            lacking = self.lacking(rows)
            for column, found in lacking.items():
                if found:
                    log.warning("Skipped: rows without %s: %s", column, listed([rows.place(found[0])], len(found)))
            self._left_out[name] = frozenset(chain.from_iterable(lacking.values()))
        return self._left_out.get(name, frozenset())

    def values_of(self, split: Split, column: Column) -> Sequence[Any]:
        """Return the values of a column of text of a split's source, None for rows that are left out.

        Raises:
            UserError: If a row has none, and is not to be skipped.
        """
        rows, left_out = self.source(split), self.left_out(split)
        if self.on_error == "stop":
            return rows.values(column)
        return [None if row in left_out else cell for row, cell in enumerate(rows.cells(column))]

    def streamed(
        self, split: Split, column: Column, decode: Decoder, labels: np.ndarray | None = None
    ) -> StreamedImages:
        """Return the images of a split.

        Args:
            split: The split.
            column: Column of the images.
            decode: Decoder.
            labels: Classes of the source's rows, int64 with shape (N,); None for zeros.
        """
        rows = self.source(split)
        labels = np.zeros(len(rows), np.int64) if labels is None else labels
        images = StreamedImages(rows.images(column), labels, decode, rows.blocks)
        chosen = self.chosen(split)
        return images if len(chosen) == len(rows) else images.select(chosen)

    def log_source(self, split: Split) -> None:
        """Log what was found, for the training split."""
        if split == "train":
            rows, held_out = self.training_source, "a share" if self.held_out_source is None else "images of their own"
            log.info("Found %s images in %s; held out: %s", f"{len(rows):,}", rows.source, held_out)

    def fingerprint(self, split: Split) -> str:
        """Return a hash of the rows' files, and of the settings of their decoding."""
        share = None if self.held_out_source is not None else (self.test_share, split)
        columns = [str(column) for column in (*self.columns.images, *self.columns.texts)]
        return digest_of_values("rows", self.source(split).fingerprint(), share, columns, self.decode, self.on_error)
