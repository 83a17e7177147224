"""Layout of line charts: lines, ticks and levels in coordinates, for HTML pages and SVG files."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gan.formats import number

__all__ = ["COLORS", "STRETCHED", "Chart", "DrawnLine", "Level", "LevelMark", "Line", "Tick", "chart"]

COLORS = (
    "#2f66d0",
    "#e0702a",
    "#0f8f7f",
    "#8a4fd0",
    "#cf3b5c",
    "#2196c4",
    "#6b7a10",
    "#b5438f",
    "#9c6a2f",
    "#5a6675",
)  # on a light background
SMALLEST, LARGEST = 1e-100, 1e100  # absolute values that charts show
MAX_DOTS = 30  # per line
MAX_POINTS = 300  # per line
LOG_RATIO = 20  # of the largest to the smallest value, above which an axis is logarithmic
STRETCHED = (1000, 1000)  # pages stretch a chart to the width of the window, and keep the size of its text


class Level(NamedTuple):
    """Named horizontal line, such as the score of real images."""

    name: str
    y: float


class LevelMark(NamedTuple):
    """Level in a chart: its position in percent from the top, its name, and its value as text."""

    position: float
    name: str
    value: str


class Tick(NamedTuple):
    """Tick label, and its position along the axis in percent, from the left or from the top."""

    position: float
    text: str


@dataclass(frozen=True)
class Line:
    """Data of a line. Points that are not finite, or beyond 1e100, are left out.

    Attributes:
        name: Name in the legend.
        x: Coordinates, ascending.
        y: Values at ``x``.
        color: Index of the colour.
        deviation: Half the height of a band around the line at ``x``; empty for no band.
        dots: Whether points are marked.
        dashed: Whether the line is dashed, and left out of the legend.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    color: int = 0
    deviation: Sequence[float] = ()
    dots: bool = False
    dashed: bool = False


@dataclass(frozen=True)
class DrawnLine:
    """Line as SVG paths.

    Attributes:
        name: Name in the legend.
        color: Index of the colour.
        dashed: Whether the line is dashed.
        path: Path through the points.
        dots: Path of the dots.
        band: Outline of the band.
        last: Last value as text.
        points: Position of each point in percent from the left and the top, and its coordinates as text.
    """

    name: str
    color: int
    dashed: bool
    path: str
    dots: str
    band: str
    last: str
    points: list[tuple[float, float, str, str]]


@dataclass(frozen=True)
class Chart:
    """Chart laid out in coordinates.

    Attributes:
        title: Title, which names the y axis.
        note: Remarks beside the title.
        alt: Description in words.
        lines: Lines.
        levels: Horizontal lines.
        x_ticks: Ticks of the x axis.
        y_ticks: Ticks of the y axis.
        x_label: Label of the x axis.
        size: Width and height of the coordinates that paths are in.
        grid: Path of the grid.
    """

    title: str
    note: str
    alt: str
    lines: list[DrawnLine]
    levels: list[LevelMark]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    x_label: str
    size: tuple[int, int]
    grid: str


class _Axis(NamedTuple):
    low: float
    high: float
    log: bool

    def position(self, value: float) -> float:
        """Return the position of a value, 0 for the lowest and 1 for the highest on the axis."""
        low, high, value = (math.log(v) if self.log else v for v in (self.low, self.high, value))
        return (value - low) / (high - low)


def chart(
    title: str,
    lines: Iterable[Line],
    levels: Iterable[Level] = (),
    note: str = "",
    x_label: str = "generator updates",
    may_be_log: bool = False,
    from_zero: bool = False,
    size: tuple[int, int] = STRETCHED,
) -> Chart | None:
    """Lay out a chart.

    Args:
        title: Title, which names the y axis.
        lines: Lines to draw.
        levels: Dotted horizontal lines; the y axis includes them.
        note: Remarks beside the title.
        x_label: Label of the x axis.
        may_be_log: Whether the y axis becomes logarithmic if positive values span more than a factor of 20.
        from_zero: Whether the y axis always includes zero.
        size: Width and height of the coordinates to lay it out in.

    Returns:
        The chart, or None if there is no point to draw.
    """
    lines = [reduced for line in lines if (reduced := _reduce(line)).x]
    levels = [level for level in levels if _drawable(level.y)]
    if not lines:
        return None
    x = [value for line in lines for value in line.x]
    y = [value for line in lines for value in line.y] + [level.y for level in levels] + [0.0] * from_zero
    log = may_be_log and min(y) > 0 and max(y) > LOG_RATIO * min(y)
    edges = [v + s * d for line in lines for v, d in zip(line.y, line.deviation, strict=False) for s in (-1, 1)]
    x_axis = _Axis(min(x), max(x) if max(x) > min(x) else min(x) + max(1, abs(min(x))), False)
    y_axis = _y_axis([*y, *(edge for edge in edges if edge > 0 or not log)], log)
    x_ticks, y_ticks = _ticks(x_axis, 4), _ticks(y_axis, 4)
    width, height = size
    return Chart(
        title=title,
        note=", ".join(part for part in (note, "log scale" if log else "") if part),
        alt=f"{title}: " + "; ".join(_describe(line) for line in lines),
        lines=[_draw(line, x_axis, y_axis, size) for line in lines],
        levels=[LevelMark(100 * (1 - y_axis.position(level.y)), level.name, number(level.y)) for level in levels],
        x_ticks=[Tick(100 * x_axis.position(value), number(value)) for value in x_ticks],
        y_ticks=[Tick(100 * (1 - y_axis.position(value)), number(value)) for value in y_ticks],
        x_label=x_label,
        size=size,
        grid="".join(f"M0,{height * (1 - y_axis.position(value)):.1f}H{width}" for value in y_ticks),
    )


def _reduce(line: Line) -> Line:
    """Leave out points that cannot be drawn, and average neighbouring points of long lines."""
    deviation = line.deviation or [0.0] * len(line.x)
    points = [p for p in zip(line.x, line.y, deviation, strict=True) if all(map(_drawable, p))]
    length = -(-len(points) // MAX_POINTS) or 1
    parts = [points[start : start + length] for start in range(0, len(points), length)]
    x, y, spread = ([math.fsum(p[axis] for p in part) / len(part) for part in parts] for axis in range(3))
    return Line(line.name, x, y, line.color, spread if line.deviation else (), line.dots and length == 1, line.dashed)


def _drawable(value: float) -> bool:
    """Return whether a value is finite, and sums, differences and ratios of such values are too."""
    return value == 0 or SMALLEST < abs(value) < LARGEST


def _draw(line: Line, x_axis: _Axis, y_axis: _Axis, size: tuple[int, int]) -> DrawnLine:
    def coordinates(x: float, y: float) -> str:
        visible = max(y, y_axis.low) if y_axis.log else y  # a band may reach below zero
        return f"{size[0] * x_axis.position(x):.1f},{size[1] * (1 - y_axis.position(visible)):.1f}"

    points = [coordinates(x, y) for x, y in zip(line.x, line.y, strict=True)]
    band = ""
    if any(line.deviation):
        edges = list(zip(line.x, line.y, line.deviation, strict=True))
        outline = [coordinates(x, y + d) for x, y, d in edges] + [coordinates(x, y - d) for x, y, d in reversed(edges)]
        band = "M" + "L".join(outline) + "Z"
    every = -(-len(points) // MAX_DOTS)
    marked = points[::-every][::-1] if line.dots or len(points) == 1 else []
    return DrawnLine(
        name=line.name,
        color=line.color,
        dashed=line.dashed,
        path="M" + "L".join(points) if len(points) > 1 else "",
        dots="".join(f"M{point}h0" for point in marked),
        band=band,
        last=number(line.y[-1]),
        points=[
            (round(100 * x_axis.position(x), 2), round(100 * (1 - y_axis.position(y)), 2), number(x), number(y))
            for x, y in zip(line.x, line.y, strict=True)
        ],
    )


def _describe(line: Line) -> str:
    first, last = number(line.y[0]), number(line.y[-1])
    return f"{line.name} {last}" if len(line.y) == 1 else f"{line.name} from {first} to {last} at {number(line.x[-1])}"


def _y_axis(values: Sequence[float], log: bool) -> _Axis:
    """Return an axis that includes all values, with a margin."""
    low, high = min(values), max(values)
    if log:
        factor = (high / low) ** 0.06
        return _Axis(low / factor, high * factor, True)
    margin = 0.06 * (high - low) or 0.1 * abs(high) or 1.0
    start = 0.0 if 0 <= low < 0.3 * high else low - margin  # include zero if it is near
    return _Axis(start, high + margin, False)


def _ticks(axis: _Axis, wanted: int) -> list[float]:
    """Return about ``wanted`` round numbers on an axis."""
    if axis.log:
        decades = range(math.floor(math.log10(axis.low)), math.ceil(math.log10(axis.high)) + 1)
        values: list[float] = []
        for digits in ((1, 2, 5), (1, 3), (1,)):
            values = [digit * 10.0**decade for decade in decades for digit in digits]
            values = [value for value in values if axis.low <= value <= axis.high]
            if len(values) <= wanted + 2:
                return values
        return values[:: -(-len(values) // wanted)]
    rough = (axis.high - axis.low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * digit for digit in (1, 2, 2.5, 5, 10) if power * digit >= rough * (1 - 1e-9))
    first, last = math.ceil(axis.low / step - 1e-9), math.floor(axis.high / step + 1e-9)
    return [round(index * step, 12) + 0.0 for index in range(first, last + 1)]
