"""Charts as self-contained SVG files with a light background."""

from textwrap import wrap
from typing import NamedTuple

from gan.report.charts import Chart
from gan.report.templates import render

__all__ = ["PLOT_SIZE", "svg"]

PLOT_SIZE = (760, 360)  # pixels, inside the axes
LEFT, RIGHT, BOTTOM = 72, 28, 58  # margins of the axes
LEGEND_TOP, ROW_HEIGHT, MARK_WIDTH, GAP = 60, 20, 28, 20
CHARACTER_WIDTH = 8  # pixels, an upper estimate at a font size of 13


class LegendEntry(NamedTuple):
    """Legend entry at a position in pixels: its mark, and its text in lines."""

    x: int
    y: int
    kind: str
    color: int
    text: list[str]


def svg(chart: Chart) -> str:
    """Draw a chart that was laid out in ``PLOT_SIZE``, with a legend above the axes."""
    width = LEFT + PLOT_SIZE[0] + RIGHT
    entries, bottom = _legend(chart, width - LEFT - RIGHT)
    top = bottom + 16
    content = {"chart": chart, "legend": entries, "left": LEFT, "top": top, "row_height": ROW_HEIGHT}
    return render("chart.svg", content | {"width": width, "height": top + PLOT_SIZE[1] + BOTTOM})


def _legend(chart: Chart, width: int) -> tuple[list[LegendEntry], int]:
    """Arrange legend entries in rows; return them, and the bottom of the last row."""
    items = [("line", line.color, f"{line.name} {line.last}") for line in chart.lines if not line.dashed]
    items += [("level", 0, f"{level.name} {level.value}") for level in chart.levels]
    items += [("dashed", 0, "without results")] if any(line.dashed for line in chart.lines) else []
    entries: list[LegendEntry] = []
    x, y, rows = 0, LEGEND_TOP, 1
    for kind, color, text in items:
        lines = wrap(text, (width - MARK_WIDTH) // CHARACTER_WIDTH, break_long_words=False, break_on_hyphens=False)
        needed = MARK_WIDTH + CHARACTER_WIDTH * max(map(len, lines))
        if x > 0 and x + needed > width:
            x, y, rows = 0, y + rows * ROW_HEIGHT, 1
        entries.append(LegendEntry(x, y, kind, color, lines))
        x, rows = x + needed + GAP, max(rows, len(lines))
    return entries, y + (rows - 1) * ROW_HEIGHT
