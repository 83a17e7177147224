"""Contents of a run's metrics.csv as columns, scores and times, read without importing torch."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from gan.errors import one_line
from gan.runs.metrics_rows import read_rows
from gan.runs.results_file import Scores

__all__ = ["Metrics", "Series", "read_metrics"]


class Series(NamedTuple):
    """A column of metrics.csv: the steps at which it was logged, and its values."""

    steps: list[int]
    values: list[float]


@dataclass(frozen=True)
class Metrics:
    """Contents of metrics.csv.

    Attributes:
        series: Logged values by column.
        scores: Scores by step, without their prefix ``val/``.
        seconds: Training time by step in seconds, over all parts of a resumed run.
        last_step: Last generator update that was logged.
        damage: Why some rows were not read; None if all were.
    """

    series: dict[str, Series] = field(default_factory=dict)
    scores: Scores = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)
    last_step: int | None = None
    damage: str | None = None


def read_metrics(path: Path) -> Metrics:
    """Read what is readable of a metrics.csv; a killed run may leave half a row."""
    series: dict[str, Series] = {}
    scores: Scores = {}
    seconds: dict[int, float] = {}
    earlier, latest = 0.0, 0.0
    try:
        rows = read_rows(path)
    except FileNotFoundError:
        return Metrics()
    except OSError as error:
        return Metrics(damage=f"{path.name} cannot be read ({one_line(error)})")
    for step, cells in rows.cells.items():
        values = {column: float(text) for column, text in cells.items()}
        for column, value in values.items():
            steps, logged = series.setdefault(column, Series([], []))
            steps.append(step)
            logged.append(value)
        named = {column[4:]: value for column, value in values.items() if column.startswith("val/")}
        if (now := named.pop("training_seconds", math.nan)) >= 0 and math.isfinite(now):
            earlier += latest if now < latest else 0.0  # a resumed run may count from zero again
            latest, seconds[step] = now, earlier + now
        if named:
            scores[step] = named
    damage = f"{path.name} is damaged: {rows.lost} of its rows are not shown" if rows.lost else None
    return Metrics(series, scores, seconds, max(rows.cells, default=None), damage)
