"""Charts as self-contained SVG files with a light background."""

from textwrap import wrap
from typing import NamedTuple

from gan.report.charts import Chart
from gan.report.templates import render

__all__ = ["PLOT_SIZE", "svg"]

PLOT_SIZE = (760, 360)  # pixels, inside the axes
LEFT, TOP, RIGHT, BOTTOM = 72, 32, 28, 58  # margins; TOP is the baseline of the title
TITLE_HEIGHT, ROW_HEIGHT = 22, 20  # of a line of the title, and of the note and the legend
MARK_WIDTH, GAP = 28, 24  # of legend entries
TITLE_CHARACTER, CHARACTER = 10, 7.5  # upper estimates of their widths


class LegendEntry(NamedTuple):
    """Legend entry at a position in pixels: its mark, and its text in lines."""

    x: int
    y: int
    kind: str
    color: int
    text: list[str]


def svg(chart: Chart) -> str:
    """Draw a chart that was laid out in ``PLOT_SIZE``, with title, note and legend above the axes."""
    title = wrap(chart.title, PLOT_SIZE[0] // TITLE_CHARACTER, break_on_hyphens=False)
    note = TOP + TITLE_HEIGHT * len(title)
    legend, bottom = _legend(chart, top=note + ROW_HEIGHT + 8 if chart.note else note)
    top = bottom + 20
    content = {
        "chart": chart,
        "title": title,
        "legend": legend,
        "left": LEFT,
        "top": top,
        "title_top": TOP,
        "title_height": TITLE_HEIGHT,
        "note_top": note,
        "row_height": ROW_HEIGHT,
        "mark_width": MARK_WIDTH,
        "width": LEFT + PLOT_SIZE[0] + RIGHT,
        "height": top + PLOT_SIZE[1] + BOTTOM,
    }
    return render("chart.svg", content)


def _legend(chart: Chart, top: int) -> tuple[list[LegendEntry], int]:
    """Arrange legend entries in rows from the baseline ``top`` on; return them, and the baseline of the last row."""
    items = [("line", line.color, f"{line.name} {line.last}") for line in chart.lines if not line.dashed]
    items += [("level", 0, f"{level.name} {level.value}") for level in chart.levels]
    items += [("dashed", 0, "without results")] if any(line.dashed for line in chart.lines) else []
    width, entries = PLOT_SIZE[0], list[LegendEntry]()
    x, y, rows = 0, top, 1
    for kind, color, text in items:
        lines = wrap(text, int((width - MARK_WIDTH) / CHARACTER), break_long_words=False, break_on_hyphens=False)
        needed = MARK_WIDTH + round(CHARACTER * max(map(len, lines)))
        if x > 0 and x + needed > width:
            x, y, rows = 0, y + rows * ROW_HEIGHT, 1
        entries.append(LegendEntry(x, y, kind, color, lines))
        x, rows = x + needed + GAP, max(rows, len(lines))
    return entries, y + (rows - 1) * ROW_HEIGHT
