"""Examples of an image and a sentence about it."""

from typing import Any

from gan.data.base import Split
from gan.data.caption import Caption
from gan.data.captioned import Captioned
from gan.data.own_rows import OwnRows
from gan.data.rows import Column, Columns, Rows
from gan.data.streamed_images import StreamedImages
from gan.digest import digest_of_values
from gan.errors import UserError

__all__ = ["CaptionedRows"]


class CaptionedRows(Captioned, OwnRows):
    """Images with captions; one with several has a row for each, which is seen once an epoch.

    Args:
        caption: Column of the captions: text, or a list of texts; of tar files a member with one sentence a line, such
            as ``txt``, or ``json.FIELD``.
        image: Column of the images; None for the first one.
        attributes: Columns by which samples are scored, beside the caption.
        **settings: Arguments of Captioned and of OwnRows.
    """

    def __init__(
        self, caption: str, image: str | None = None, attributes: list[str] | None = None, **settings: Any
    ) -> None:
        self.image, self.caption = Column("data.image", image), Column("data.caption", caption)
        self.attribute_columns = tuple(Column("data.attributes", name) for name in attributes or ())
        super().__init__(attributes=attributes, **settings)

    @property
    def columns(self) -> Columns:
        return Columns((self.image,), (self.caption, *self.attribute_columns))

    def encoded(self, split: Split) -> StreamedImages:
        self.log_source(split)
        return self.streamed(split, self.image, self.decode)

    def lacking(self, rows: Rows) -> dict[Column, list[int]]:
        without = [row for row, sentences in enumerate(rows.sentences(self.caption)) if not sentences]
        return super().lacking(rows) | {self.caption: without}

    def read_captions(self, split: Split) -> list[Caption]:
        rows, found = self.source(split), list[Caption]()
        sentences = rows.sentences(self.caption)
        values = [self.values_of(split, column) for column in self.attribute_columns]
        for image, row in enumerate(self.chosen(split)):
            place, attributes = rows.place(row), tuple(str(column[row]) for column in values)
            if not sentences[row]:
                raise UserError(f"{self.caption}: {place} has no caption; data.on_error=skip leaves such images out")
            found += [Caption(place, image, sentence, attributes) for sentence in sentences[row]]
        return found

    def fingerprint(self, split: Split) -> str:
        return digest_of_values("captions", super().fingerprint(split), self.identity_of_sentences(split))
