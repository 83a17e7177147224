"""Rows of a metrics.csv that a spreadsheet, an editor, a power cut or a full disk may have touched."""

import csv
import math
from pathlib import Path
from typing import NamedTuple

from gan.runs.reading import open_regular

__all__ = ["MAX_NAME", "MAX_STEP", "MetricsRows", "read_rows"]

MAX_NAME = 200  # characters of a column or score
MAX_STEP = 2**53  # the integers that a float holds, which charts draw
DELIMITERS = ",;\t"  # of this project, and of spreadsheets


class MetricsRows(NamedTuple):
    """Readable part of a metrics.csv.

    Attributes:
        cells: Texts of numbers by step, in ascending order, and column.
        lost: Number of rows that are not, or not wholly, readable.
    """

    cells: dict[int, dict[str, str]]
    lost: int


def read_rows(path: Path, end: int | None = None) -> MetricsRows:
    """Read what is readable of a metrics.csv, with its columns in any order.

    Byte-order marks, line ends, quotes, semicolons with decimal commas and tabs are understood. Of several rows of a
    step the values of the last one count. A row with an unreadable step or too many cells is lost, and so is the last
    one if it is cut.

    Args:
        path: The file.
        end: Offset in bytes up to which it is read; None is its end.

    Raises:
        OSError: If the file cannot be read.
    """
    with open_regular(path) as file:
        text = file.read(-1 if end is None else end).decode("utf-8-sig", errors="replace")
    whole = text.endswith(("\n", "\r"))  # whether the last row has an end
    lines = [line for line in text.replace("\r", "\n").split("\n") if line.strip()]
    if not lines:
        return MetricsRows({}, 0)
    delimiter = max(DELIMITERS, key=lines[0].count)
    columns = _split(lines[0], delimiter) or []
    if "step" not in columns or max(map(len, columns)) > MAX_NAME:
        return MetricsRows({}, len(lines))
    cells: dict[int, dict[str, str]] = {}
    lost = 0
    for number, line in enumerate(lines[1:], start=2):
        texts = _split(line, delimiter)
        is_cut = number == len(lines) and not whole and texts is not None and len(texts) < len(columns)
        if texts is None or is_cut or len(texts) > len(columns):
            lost += 1
            continue
        row = {column: text for column, text in zip(columns, texts, strict=False) if text}
        if delimiter == ";":
            row = {column: text.replace(",", ".") for column, text in row.items()}
        step = _step(row.pop("step", ""))
        numbers = {column: text for column, text in row.items() if _number(text) is not None}
        lost += step is None or len(numbers) < len(row)
        if step is not None:
            cells.setdefault(step, {}).update(numbers)
    return MetricsRows(dict(sorted(cells.items())), lost)


def _split(line: str, delimiter: str) -> list[str] | None:
    """Split a line into its cells; None if it is no line of a table."""
    if "\0" in line:
        return None
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))]
    except csv.Error:
        return None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _step(text: str) -> int | None:
    number = _number(text)
    if number is None or not math.isfinite(number) or number != int(number) or not 0 <= number <= MAX_STEP:
        return None
    return int(number)
