"""Line charts for pages: where lines, ticks and levels lie; the page's template and style draw them, in any theme.

Lines are stretched to the width that a reader's screen has, while text beside them keeps its size.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["Chart", "Drawn", "Level", "Line", "Tick", "chart", "number"]

SIDE = 1000  # both sides of a chart's own coordinates
POINTS = 300  # at most so many of a line are drawn
LOG_FROM = 20  # the largest value over the smallest


class Level(NamedTuple):
    """A named height, such as that of real images."""

    name: str
    y: float


class Tick(NamedTuple):
    """A label, and its place from 0 to 100 along its axis, from the left or from the top."""

    place: float
    text: str


@dataclass(frozen=True)
class Line:
    """What is to be drawn; points that are not finite are left out.

    Attributes:
        name: For the legend.
        x: Ascending.
        y: As many.
        color: The number of its colour.
        deviation: Half the height of a band around it, as many; empty for none.
        dots: Whether its points are marked.
        dashed: Whether it is dashed, and no part of the legend.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    color: int = 0
    deviation: Sequence[float] = ()
    dots: bool = False
    dashed: bool = False


@dataclass(frozen=True)
class Drawn:
    """A line as SVG paths, and its points for those who ask for their values."""

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
    """Everything in its place.

    Attributes:
        title: What is on the y axis.
        note: What else to know, in few words.
        alt: The chart in words.
    """

    title: str
    note: str
    alt: str
    lines: list[Drawn]
    levels: list[tuple[Tick, str]]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    x_name: str
    grid: str = field(default="")


class _Axis(NamedTuple):
    low: float
    high: float
    log: bool

    def position(self, value: float) -> float:
        """Return where a value lies, from 0 to 1."""
        low, high, value = (math.log(v) if self.log else v for v in (self.low, self.high, value))
        return (value - low) / (high - low)


def chart(
    title: str,
    lines: Iterable[Line],
    levels: Iterable[Level] = (),
    note: str = "",
    x_name: str = "generator updates",
    may_be_log: bool = False,
    from_zero: bool = False,
) -> Chart | None:
    """Lay out a chart.

    Args:
        title: What is on the y axis.
        lines: What is drawn.
        levels: Dotted lines across; the axis reaches all of them.
        note: What else to know, in few words.
        x_name: What is on the x axis.
        may_be_log: Whether the y axis is logarithmic where positive values span much.
        from_zero: Whether zero is on the y axis in any case.

    Returns:
        None if there is no point to draw.
    """
    lines, levels = [kept for line in lines if (kept := _thinned(line)).x], list(levels)
    if not lines:
        return None
    x = [value for line in lines for value in line.x]
    y = [value for line in lines for value in line.y] + [level.y for level in levels] + [0.0] * from_zero
    log = may_be_log and min(y) > 0 and max(y) > LOG_FROM * min(y)
    edges = [v + s * d for line in lines for v, d in zip(line.y, line.deviation, strict=False) for s in (-1, 1)]
    across = _Axis(min(x), max(x) if max(x) > min(x) else min(x) + 1, False)
    up = _reach([*y, *(edge for edge in edges if edge > 0 or not log)], log)
    steps, heights = _ticks(across, 4), _ticks(up, 4)
    rows = "".join(f"M0,{SIDE * (1 - up.position(value)):.1f}H{SIDE}" for value in heights)
    note = ", ".join(part for part in (note, "log scale" if log else "") if part)
    return Chart(
        title=title,
        note=note,
        alt=f"{title}: " + "; ".join(f"{_words(line)}" for line in lines),
        lines=[_drawn(line, across, up) for line in lines],
        levels=[(Tick(100 * (1 - up.position(level.y)), level.name), number(level.y)) for level in levels],
        x_ticks=[Tick(100 * across.position(value), number(value)) for value in steps],
        y_ticks=[Tick(100 * (1 - up.position(value)), number(value)) for value in heights],
        x_name=x_name,
        grid=rows,
    )


def number(value: float, digits: int = 4) -> str:
    """Write a number with a few digits, the whole part in full up to a million."""
    if not math.isfinite(value):
        return str(value)
    if 10 ** (digits - 1) <= abs(value) < 1e6 or (value == int(value) and abs(value) < 1e6):
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def _thinned(line: Line) -> Line:
    """Leave out what is not finite; make means of what would lie too near to be told apart."""
    deviation = line.deviation or [0.0] * len(line.x)
    points = [p for p in zip(line.x, line.y, deviation, strict=True) if all(map(math.isfinite, p))]
    size = -(-len(points) // POINTS) or 1
    parts = [points[start : start + size] for start in range(0, len(points), size)]
    x, y, spread = ([math.fsum(p[axis] for p in part) / len(part) for part in parts] for axis in range(3))
    return Line(line.name, x, y, line.color, spread if line.deviation else (), line.dots and size == 1, line.dashed)


def _drawn(line: Line, across: _Axis, up: _Axis) -> Drawn:
    def position(x: float, y: float) -> str:
        return f"{SIDE * across.position(x):.1f},{SIDE * (1 - up.position(max(y, up.low) if up.log else y)):.1f}"

    points = [position(x, y) for x, y in zip(line.x, line.y, strict=True)]
    band = ""
    if line.deviation and any(line.deviation):
        around = list(zip(line.x, line.y, line.deviation, strict=True))
        edge = [position(x, y + d) for x, y, d in around] + [position(x, y - d) for x, y, d in reversed(around)]
        band = "M" + "L".join(edge) + "Z"
    marked = points if line.dots or len(points) == 1 else []
    return Drawn(
        name=line.name,
        color=line.color,
        dashed=line.dashed,
        path="M" + "L".join(points) if len(points) > 1 else "",
        dots="".join(f"M{point}h0" for point in marked),
        band=band,
        last=number(line.y[-1]),
        points=[
            (round(100 * across.position(x), 2), round(100 * (1 - up.position(y)), 2), number(x), number(y))
            for x, y in zip(line.x, line.y, strict=True)
        ],
    )


def _words(line: Line) -> str:
    start, end = number(line.y[0]), number(line.y[-1])
    return f"{line.name} {end}" if len(line.y) == 1 else f"{line.name} from {start} to {end} at {number(line.x[-1])}"


def _reach(values: Sequence[float], log: bool) -> _Axis:
    """Return an axis that holds values, with a little room around them."""
    low, high = min(values), max(values)
    if log:
        room = (high / low) ** 0.06
        return _Axis(low / room, high * room, True)
    room = 0.06 * (high - low) or 0.1 * abs(high) or 1.0
    lower = 0.0 if 0 <= low < 0.3 * high else low - room  # scores and norms have their zero in sight
    return _Axis(lower, high + room, False)


def _ticks(axis: _Axis, wanted: int) -> list[float]:
    """Return round numbers along an axis, about as many as wanted."""
    if axis.log:
        decades = range(math.floor(math.log10(axis.low)), math.ceil(math.log10(axis.high)) + 1)
        found: list[float] = []
        for parts in ((1, 2, 5), (1, 3), (1,)):
            found = [part * 10.0**decade for decade in decades for part in parts]
            found = [value for value in found if axis.low <= value <= axis.high]
            if len(found) <= wanted + 2:
                return found
        return found[:: -(-len(found) // wanted)]
    rough = (axis.high - axis.low) / wanted
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * part for part in (1, 2, 2.5, 5, 10) if unit * part >= rough * (1 - 1e-9))
    first = math.ceil(axis.low / step - 1e-9)
    return [round(place * step, 12) + 0.0 for place in range(first, math.floor(axis.high / step + 1e-9) + 1)]
