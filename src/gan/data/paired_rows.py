"""Examples of an image and the source image that it is generated from."""

from typing import Any

from gan.data.base import Split
from gan.data.own_rows import OwnRows
from gan.data.paired import Paired
from gan.data.rows import Column, Columns
from gan.data.streamed_images import StreamedImages

__all__ = ["PairedRows"]


class PairedRows(Paired, OwnRows):
    """Images of one column, each with the image of another as its source.

    Args:
        source: Column of the source images.
        target: Column of the images to generate.
        **settings: Arguments of Paired and of OwnRows.
    """

    def __init__(self, source: str, target: str, **settings: Any) -> None:
        self.source_column, self.target_column = Column("data.source", source), Column("data.target", target)
        super().__init__(**settings)

    @property
    def columns(self) -> Columns:
        return Columns((self.target_column, self.source_column))

    def encoded(self, split: Split) -> StreamedImages:
        self.log_source(split)
        return self.streamed(split, self.target_column, self.decode)

    def encoded_sources(self, split: Split) -> StreamedImages:
        return self.streamed(split, self.source_column, self.decode_source)
