"""Pages of the course: Markdown by hand, with blocks that are written from the chapter's tables."""

import re
from collections.abc import Iterable, Mapping, Sequence
from statistics import mean, stdev

from pandas import DataFrame

from gan.errors import UserError

__all__ = ["baseline_sentence", "fill", "markdown_table", "spread"]

BLOCK = re.compile(r"<!-- begin (?P<name>[\w-]+) -->\n(?P<text>.*?)<!-- end (?P=name) -->", re.DOTALL)


def fill(page: str, blocks: Mapping[str, str]) -> str:
    """Return a page with the text between ``<!-- begin NAME -->`` and ``<!-- end NAME -->`` replaced.

    Args:
        page: Markdown.
        blocks: Text by block.

    Raises:
        UserError: If the page lacks a block, has an unknown one, or has one twice.
    """
    found = [match["name"] for match in BLOCK.finditer(page)]
    if wrong := sorted({name for name in [*found, *blocks] if found.count(name) != 1 or name not in blocks}):
        raise UserError(f"the page should have each of these blocks once: {', '.join(wrong)}")
    return BLOCK.sub(lambda match: _block(match["name"], blocks[match["name"]]), page)


def _block(name: str, text: str) -> str:
    return f"<!-- begin {name} -->\n\n{text}\n\n<!-- end {name} -->"


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table in Markdown."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def spread(values: Iterable[float], digits: int = 1) -> str:
    """Format the mean and the standard deviation (n - 1) of values over seeds; of a single value, the value."""
    numbers = list(values)
    average = f"{mean(numbers):,.{digits}f}"
    return f"{average} ± {stdev(numbers):,.{digits}f}" if len(numbers) > 1 else average


def baseline_sentence(baselines: DataFrame) -> str:
    """Return what held-out real digits and images of noise score, in words."""
    row = baselines.iloc[0]
    return (
        f"For comparison, {row['held_out_images']:,.0f} held-out real digits score {row['held_out']:.1f}, and images "
        f"of noise {row['noise']:.0f}."
    )
