"""Images in tar files, as WebDataset stores them, with classes, with captions, or in pairs."""

from gan.data.captioned_rows import CaptionedRows
from gan.data.labelled_rows import LabelledRows
from gan.data.paired_rows import PairedRows
from gan.data.shards import Shards

__all__ = ["WebDataset", "WebDatasetCaptions", "WebDatasetPairs"]


class WebDataset(Shards, LabelledRows):
    """Images in tar files, with or without classes; see Shards and LabelledRows."""


class WebDatasetCaptions(Shards, CaptionedRows):
    """Images with sentences in tar files; see Shards and CaptionedRows."""


class WebDatasetPairs(Shards, PairedRows):
    """Pairs of images in tar files; see Shards and PairedRows."""
