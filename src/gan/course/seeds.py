"""Comparison of recipes over seeds."""

from collections.abc import Sequence
from statistics import mean, variance

from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter
from pandas import DataFrame

from gan.runs.record import RunRecord

__all__ = ["differs", "last", "plain_ticks", "relation", "runs_of", "values_of"]

ERRORS = 3.0  # standard errors above which a difference counts


def differs(first: Sequence[float], second: Sequence[float]) -> bool:
    """Return whether two means differ by more than three standard errors of their difference.

    With five seeds each, equal recipes differ by as much in about 2 % of comparisons.
    """
    error = (variance(first) / len(first) + variance(second) / len(second)) ** 0.5
    return abs(mean(first) - mean(second)) > ERRORS * error


def relation(first: Sequence[float], second: Sequence[float]) -> str:
    """Return whether the first mean is lower or higher than the second, or not clearly different, in words."""
    if not differs(first, second):
        return "not clearly different from"
    return "lower than" if mean(first) < mean(second) else "higher than"


def runs_of(runs: Sequence[RunRecord], recipes: Sequence[str]) -> list[tuple[str, int, RunRecord]]:
    """Return the runs named ``RECIPE-seedN`` of some recipes, with recipe and seed, in the order of both."""
    found = []
    for run in runs:
        recipe, _, seed = str(run.config["name"]).rpartition("-seed")
        if recipe in recipes:
            found.append((recipe, int(seed), run))
    return sorted(found, key=lambda row: (recipes.index(row[0]), row[1]))


def values_of(table: DataFrame, column: str, **where: object) -> list[float]:
    """Return the values of a column in the rows that have some values in other columns."""
    for name, value in where.items():
        table = table[table[name] == value]
    return [float(x) for x in table[column]]


def last(scores: DataFrame, recipe: str) -> DataFrame:
    """Return the scores of the last ``step`` of each run, which a seed and the column ``recipe`` name."""
    return scores[scores["step"] == scores.groupby([recipe, "seed"])["step"].transform("max")]


def plain_ticks(axes: Axes) -> None:
    """Label a logarithmic axis of scores with numbers such as 20, 50 and 100."""
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
