"""Scores as training goes on: a line for each group of runs, with a band of one standard deviation over seeds."""

import math
from functools import partial
from pathlib import Path
from textwrap import fill
from typing import Any, Literal, NamedTuple

from gan.reporting.groups import Group
from gan.reporting.runs import Run
from gan.reporting.tables import Table

__all__ = ["draw"]

MARKERS = "osD^vP*<>"  # nine beside ten colours: ninety groups look different
UNITS = ((3 * 3600, 3600, "h"), (300, 60, "min"), (0, 1, "s"))
LOG_FROM = 20  # the largest score over the smallest


class Curve(NamedTuple):
    """Scores, the deviation between seeds at each (0 for a single seed), and where they lie."""

    x: list[float]
    y: list[float]
    deviation: list[float]


def draw(table: Table, against: Literal["updates", "time"], path: Path) -> bool:
    """Draw a table's score against generator updates, or against the time of training alone.

    Args:
        table: What to draw; it must have a score.
        against: What the x axis is.
        path: The PNG to write.

    Returns:
        Whether there was anything to draw; if not, nothing is written.
    """
    assert table.score is not None
    means = [_mean(group, table.score, against) for group in table.groups]
    broken = [[_single(r, table.score, against) for r in group.runs if r.results is None] for group in table.groups]
    curves = [curve for curve in [*means, *(curve for some in broken for curve in some)] if curve.x]
    if not curves:
        return False

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    many = len(means) > 4 or max(len(group.name) for group in table.groups) > 40
    figure = Figure(figsize=(10.5 if many else 8, 5), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    reach = max(max(curve.x) for curve in curves)
    unit, name = next((unit, name) for least, unit, name in UNITS if reach >= least)
    scale = unit if against == "time" else 1
    handles: list[Any] = []
    for place, (group, mean, failures) in enumerate(zip(table.groups, means, broken, strict=True)):
        look: dict[str, Any] = {"color": f"C{place % 10}"}
        marker = MARKERS[place % len(MARKERS)]
        x = [value / scale for value in mean.x]
        label = fill(group.name, 34, break_long_words=False, break_on_hyphens=False)
        handles += axes.plot(
            x, mean.y, marker=marker, markersize=5, markevery=max(1, len(x) // 12), label=label, zorder=3, **look
        )
        pairs = list(zip(mean.y, mean.deviation, strict=True))
        axes.fill_between(x, [y - d for y, d in pairs], [y + d for y, d in pairs], alpha=0.18, linewidth=0, **look)
        for curve in failures:
            axes.plot([value / scale for value in curve.x], curve.y, linestyle="--", linewidth=0.9, zorder=2, **look)
            if curve.x:
                axes.plot(curve.x[-1] / scale, curve.y[-1], marker="x", markersize=7, zorder=4, **look)
    if any(curve.x for failures in broken for curve in failures):
        handles.append(Line2D([], [], color="0.4", linestyle="--", linewidth=0.9, marker="x", label="without results"))
    if "held_out" in table.baselines:
        held_out: dict[str, Any] = {"color": "0.3", "linestyle": ":", "label": "held-out real images"}
        handles.append(axes.axhline(table.baselines["held_out"], zorder=1, **held_out))

    if not table.higher_is_better:  # the last steps up to the best possible would not be seen
        _scale_y(axes, curves)
    direction = "higher" if table.higher_is_better else "lower"
    axes.set_xlabel("generator updates" if against == "updates" else f"training time, without evaluation ({name})")
    axes.set_ylabel(f"{table.score} ({direction} is better)")
    axes.set_title(f"{table.score} on {table.data}", loc="left", fontsize=11)
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    if many:
        figure.legend(handles=handles, loc="outside right upper", frameon=False, fontsize=9)
    else:
        axes.legend(handles=handles, loc="best", framealpha=0.8, edgecolor="none", fontsize=9)
    unfinished = path.with_name(path.name + ".partial")
    figure.savefig(unfinished, format="png")
    unfinished.replace(path)
    return True


def _mean(group: Group, score: str, against: str) -> Curve:
    """Average a group's finished runs at the steps that all have, or at any where they have none in common."""
    runs = group.finished
    steps = [
        {step for step, scores in run.scores.items() if score in scores and _x(run, step, against)} for run in runs
    ]
    x, y, deviation = [], [], []
    for step in sorted(set.intersection(*steps) or set.union(*steps)) if steps else ():
        there = Group(group.name, [run for run, own in zip(runs, steps, strict=True) if step in own])
        spread = there.spread(partial(_y, score=score, step=step))
        x.append(there.spread(partial(_x, step=step, against=against)).mean)
        y.append(spread.mean)
        deviation.append(spread.deviation or 0.0)
    return Curve(x, y, deviation)


def _single(run: Run, score: str, against: str) -> Curve:
    steps = [step for step, scores in sorted(run.scores.items()) if score in scores and _x(run, step, against)]
    return Curve([_x(run, step, against) for step in steps], [run.scores[step][score] for step in steps], [])


def _y(run: Run, score: str, step: int) -> float:
    return run.scores[step][score]


def _x(run: Run, step: int, against: str) -> float:
    """Return where a step lies; 0 where that is not known."""
    return float(step) if against == "updates" else run.seconds.get(step, 0.0)


def _scale_y(axes: Any, curves: list[Curve]) -> None:
    """Make the y axis logarithmic where scores of one sign span much."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    finite = [value for curve in curves for value in curve.y if math.isfinite(value)]
    if not finite or min(finite) <= 0 or max(finite) <= LOG_FROM * min(finite):
        return
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, min(*finite, *(line for line in _level(axes))) / 1.5), high)
    decades = math.log10(max(finite) / min(finite))
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if decades < 3 else (1.0,)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _level(axes: Any) -> list[float]:
    """Return the positive heights of the lines across an axis."""
    lines = [line.get_ydata() for line in axes.lines if line.get_linestyle() == ":"]
    return [float(y[0]) for y in lines if y[0] > 0]
