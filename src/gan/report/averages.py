"""Scores as training goes on: of a single run, and averaged over the seeds of a group."""

from collections.abc import Iterable
from functools import partial
from typing import Literal, NamedTuple

from gan.report.groups import Group
from gan.report.runs import Run

__all__ = ["Against", "Curve", "mean", "single", "x_axis"]

Against = Literal["updates", "time"]
UNITS = ((3 * 3600, 3600, "h"), (300, 60, "min"), (0, 1, "s"))


class Curve(NamedTuple):
    """Scores, the deviation between seeds at each (0 for a single seed), and where they lie."""

    x: list[float]
    y: list[float]
    deviation: list[float]


def mean(group: Group, score: str, against: Against) -> Curve:
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


def single(run: Run, score: str, against: Against) -> Curve:
    """Return a single run's scores."""
    steps = [step for step, scores in sorted(run.scores.items()) if score in scores and _x(run, step, against)]
    return Curve([_x(run, step, against) for step in steps], [run.scores[step][score] for step in steps], [])


def x_axis(curves: Iterable[Curve], against: Against) -> tuple[float, str]:
    """Choose what curves' indices are divided by, and what is then on the x axis."""
    if against == "updates":
        return 1, "generator updates"
    reach = max((max(curve.x) for curve in curves if curve.x), default=0)
    unit, name = next((unit, name) for least, unit, name in UNITS if reach >= least)
    return unit, f"training time, without evaluation ({name})"


def _y(run: Run, score: str, step: int) -> float:
    return run.scores[step][score]


def _x(run: Run, step: int, against: Against) -> float:
    """Return where a step lies; 0 where that is not known."""
    return float(step) if against == "updates" else run.seconds.get(step, 0.0)
