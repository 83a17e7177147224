"""Examples of an image and its class."""

from functools import cached_property
from typing import Any

import numpy as np

from gan.bounds import Classes
from gan.data.base import Split
from gan.data.own_rows import OwnRows
from gan.data.rows import Column, Columns
from gan.data.streamed_images import StreamedImages
from gan.errors import UserError
from gan.formats import printable

__all__ = ["LabelledRows"]


class LabelledRows(OwnRows):
    """Images with or without classes.

    Args:
        image: Column of the images; None for the first one.
        label: Column of the classes: numbers, names or class labels; None for no labels.
        num_classes: Number of classes; 1 ignores labels. None takes the number that is found.
        **settings: Arguments of OwnRows.

    Raises:
        UserError: If ``num_classes`` is None, and files are missing or lack a column.
    """

    def __init__(
        self, image: str | None = None, label: str | None = None, num_classes: Classes | None = None, **settings: Any
    ) -> None:
        super().__init__(num_classes=num_classes, **settings)
        self.image, self.label = Column("data.image", image), Column("data.label", None if num_classes == 1 else label)
        if num_classes is None:
            self.num_classes = len(self.classes) or 1

    @property
    def columns(self) -> Columns:
        return Columns((self.image,), () if self.label.name is None else (self.label,))

    @cached_property
    def classes(self) -> list[Any]:
        """Labels of the training images, in the order of classes."""
        if self.label.name is None:
            return []
        self.values_of("train", self.label)  # an image without one is an error, or skipped and logged
        return self.training_source.classes(self.label)

    def encoded(self, split: Split) -> StreamedImages:
        self.log_source(split)
        return self.streamed(split, self.image, self.decode, self._labels(split))

    def _labels(self, split: Split) -> np.ndarray | None:
        """Return the classes of all rows of a split's source, int64; None if there are none.

        Raises:
            UserError: If there are others than ``num_classes``.
        """
        if self.num_classes == 1:
            return None
        if len(self.classes) != self.num_classes:
            raise UserError(
                f"data.num_classes={self.num_classes}, but {printable(self.path)} has {len(self.classes) or 'no'} "
                f"classes with {self.label}"
            )
        rows, number = self.source(split), {label: index for index, label in enumerate(self.classes)}
        labels, left_out = self.values_of(split, self.label), self.left_out(split)
        known = (row in left_out or label in number for row, label in enumerate(labels))
        if (row := next((row for row, is_known in enumerate(known) if not is_known), None)) is not None:
            unknown = printable(str(labels[row]))
            raise UserError(f"{self.label}: {rows.place(row)} has the class {unknown}, which no training image has")
        return np.array([number.get(label, 0) for label in labels], np.int64)
