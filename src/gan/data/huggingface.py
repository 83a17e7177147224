"""Images of a data set that the Hugging Face library reads, with classes, with captions, or in pairs."""

from gan.data.captioned_rows import CaptionedRows
from gan.data.hub_table import HubTable
from gan.data.labelled_rows import LabelledRows
from gan.data.paired_rows import PairedRows

__all__ = ["HuggingFace", "HuggingFaceCaptions", "HuggingFacePairs"]


class HuggingFace(HubTable, LabelledRows):
    """Images of a data set of the Hugging Face hub, with or without classes; see HubTable and LabelledRows."""


class HuggingFaceCaptions(HubTable, CaptionedRows):
    """Images with sentences of a data set of the Hugging Face hub; see HubTable and CaptionedRows."""


class HuggingFacePairs(HubTable, PairedRows):
    """Pairs of images of a data set of the Hugging Face hub; see HubTable and PairedRows."""
