"""Scores as training goes on: a line for each group of runs, with a band of one standard deviation over seeds."""

import math
from pathlib import Path
from textwrap import fill
from typing import Any

from gan.report.averages import Against, Curve, mean, single, x_axis
from gan.report.tables import Table

__all__ = ["draw"]

MARKERS = "osD^vP*<>"  # nine beside ten colours: ninety groups look different
LOG_FROM = 20  # the largest score over the smallest


def draw(table: Table, against: Against, path: Path) -> bool:
    """Draw a table's score against generator updates, or against the time of training alone.

    Args:
        table: What to draw; it must have a score.
        against: What the x axis is.
        path: The PNG to write.

    Returns:
        Whether there was anything to draw; if not, nothing is written.
    """
    assert table.score is not None
    means = [mean(group, table.score, against) for group in table.groups]
    broken = [[single(r, table.score, against) for r in group.runs if r.results is None] for group in table.groups]
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
    scale, x_name = x_axis(curves, against)
    handles: list[Any] = []
    for place, (group, averaged, failures) in enumerate(zip(table.groups, means, broken, strict=True)):
        look: dict[str, Any] = {"color": f"C{place % 10}"}
        marker = MARKERS[place % len(MARKERS)]
        x = [value / scale for value in averaged.x]
        label = fill(group.name, 34, break_long_words=False, break_on_hyphens=False)
        handles += axes.plot(
            x, averaged.y, marker=marker, markersize=5, markevery=max(1, len(x) // 12), label=label, zorder=3, **look
        )
        pairs = list(zip(averaged.y, averaged.deviation, strict=True))
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
    axes.set_xlabel(x_name)
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
