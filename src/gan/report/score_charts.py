"""Charts of a table's score over generator updates or training time."""

from gan.report.averages import ScoreCurve, XAxis, mean_curve, run_curve, x_scale
from gan.report.charts import STRETCHED, Chart, Level, Line, chart
from gan.report.groups import Group
from gan.report.tables import Table

__all__ = ["score_chart"]


def score_chart(table: Table, axis: XAxis, size: tuple[int, int] = STRETCHED) -> Chart | None:
    """Lay out a line per group with a band of one standard deviation over seeds, and a dashed line per failed run.

    Args:
        table: Table with a score.
        axis: Quantity on the x axis.
        size: Width and height of the chart's coordinates.

    Returns:
        The chart, or None if there is no score to draw.
    """
    score = table.score
    assert score is not None
    means = [mean_curve(group, score, axis) for group in table.groups]
    failures = [[run_curve(run, score, axis) for run in group.failed] for group in table.groups]
    unit, x_label = x_scale([*means, *(curve for curves in failures for curve in curves)], axis)

    def line(group: Group, curve: ScoreCurve, color: int, failed: bool = False) -> Line:
        x = [value / unit for value in curve.x]
        return Line(group.name, x, curve.y, color, curve.deviation, dots=not failed, dashed=failed)

    lines = [line(group, curve, color) for color, (group, curve) in enumerate(zip(table.groups, means, strict=True))]
    for color, (group, curves) in enumerate(zip(table.groups, failures, strict=True)):
        lines += [line(group, curve, color, failed=True) for curve in curves]
    levels = [Level(name, y) for name, y in table.baselines.items() if name != "noise"]
    note = f"{'higher' if table.higher_is_better else 'lower'} is better"
    title = f"{score} by {'generator updates' if axis == 'updates' else 'time'}"
    may_be_log = not table.higher_is_better  # a log scale would hide the differences between high scores
    return chart(title, lines, levels, note, x_label, may_be_log, size=size)
