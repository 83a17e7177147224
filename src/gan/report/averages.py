"""Score curves of single runs, and averaged over the seeds of a group."""

from collections.abc import Iterable
from functools import partial
from typing import Literal, NamedTuple

from gan.report.groups import Group
from gan.runs.record import RunRecord

__all__ = ["ScoreCurve", "XAxis", "mean_curve", "run_curve", "x_scale"]

XAxis = Literal["updates", "time"]
# Units of the time axis: the shortest axis in seconds that uses the unit, its length in seconds, and its name.
TIME_UNITS = ((3 * 3600, 3600, "h"), (300, 60, "min"), (0, 1, "s"))


class ScoreCurve(NamedTuple):
    """Scores over training, with the standard deviation over seeds at each point (0 for a single seed)."""

    x: list[float]
    y: list[float]
    deviation: list[float]


def mean_curve(group: Group, score: str, axis: XAxis) -> ScoreCurve:
    """Average a group's finished runs at the steps that all of them share, or at all steps if they share none."""
    runs = group.finished
    steps = [{step for step in run.scores if _has_point(run, step, score, axis)} for run in runs]
    x, y, deviation = [], [], []
    for step in sorted(set.intersection(*steps) or set.union(*steps)) if steps else ():
        scored = Group(group.name, [run for run, run_steps in zip(runs, steps, strict=True) if step in run_steps])
        spread = scored.spread(partial(_score, score=score, step=step))
        x.append(scored.spread(partial(_x, step=step, axis=axis)).mean)
        y.append(spread.mean)
        deviation.append(spread.deviation or 0.0)
    return ScoreCurve(x, y, deviation)


def run_curve(run: RunRecord, score: str, axis: XAxis) -> ScoreCurve:
    """Return a single run's scores."""
    steps = [step for step in sorted(run.scores) if _has_point(run, step, score, axis)]
    return ScoreCurve([_x(run, step, axis) for step in steps], [run.scores[step][score] for step in steps], [])


def x_scale(curves: Iterable[ScoreCurve], axis: XAxis) -> tuple[float, str]:
    """Return the unit of an x axis, by which curves are divided, and the axis label."""
    if axis == "updates":
        return 1, "generator updates"
    longest = max((max(curve.x) for curve in curves if curve.x), default=0)
    unit, name = next((unit, name) for shortest, unit, name in TIME_UNITS if longest >= shortest)
    return unit, f"training time, without evaluation ({name})"


def _has_point(run: RunRecord, step: int, score: str, axis: XAxis) -> bool:
    return score in run.scores[step] and _x(run, step, axis) > 0


def _score(run: RunRecord, step: int, score: str) -> float:
    return run.scores[step][score]


def _x(run: RunRecord, step: int, axis: XAxis) -> float:
    """Return a step's x coordinate; 0 if its time is unknown."""
    return float(step) if axis == "updates" else run.metrics.seconds.get(step, 0.0)
