"""Chapter of the course: tables that are measured or read from runs, and what its page shows of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure
from pandas import DataFrame

from gan.runs.record import RunRecord

__all__ = ["Blocks", "Chapter", "Figures", "Tables"]

Tables = dict[str, DataFrame]
"""Tables by name; each is a CSV file in the chapter's folder."""

Figures = dict[str, Figure]
"""Figures by name; each is a PNG file in the chapter's folder."""

Blocks = dict[str, str]
"""Markdown by the name of the block that it fills in the chapter's page."""


@dataclass(frozen=True)
class Chapter:
    """Chapter of the course.

    Attributes:
        blocks: Returns the generated parts of the page, such as tables and sentences with numbers.
        figures: Draws the figures.
        measure: Computes tables; with ``True``, a short form of them in at most minutes. None if there is nothing to
            compute besides runs.
        collect: Reads tables from the runs of the chapter's sweep. None without a sweep.
        sweep: Chapter whose sweep the runs are of; None for the chapter itself.
    """

    blocks: Callable[[Mapping[str, DataFrame]], Blocks]
    figures: Callable[[Mapping[str, DataFrame]], Figures]
    measure: Callable[[bool], Tables] | None = None
    collect: Callable[[Sequence[RunRecord]], Tables] | None = None
    sweep: str | None = None
