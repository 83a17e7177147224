"""Runs side by side as a page: ``report.html``, one file that holds tables, curves and samples."""

import math
import os
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from gan.report.averages import Against, Curve, mean, single, x_axis
from gan.report.charts import Chart, Level, Line, chart, number
from gan.report.groups import Group
from gan.report.markdown import cells, heading, protocol, relative, without_results
from gan.report.page import NAME, images, render, save
from gan.report.pictures import Picture, picture, sample_grids
from gan.report.runs import Run
from gan.report.tables import Table

__all__ = ["write_comparison"]

PICTURES_BYTES = 2_000_000  # of all samples together


class Link(NamedTuple):
    """A run, and its own page from where this one is; None where it has none."""

    text: str
    page: str | None


class Card(NamedTuple):
    """A group: the samples of its best seed, and its runs.

    Attributes:
        name: The group's.
        score: That seed's best score, or why there is none.
        picture: None where there is none.
        alt: The picture in words.
        pixels: Whether it is of images, not of points.
        links: All its runs.
        color: Of its line.
    """

    name: str
    score: str
    picture: Picture | None
    alt: str
    pixels: bool
    links: list[Link]
    color: int


def write_comparison(found: list[Table], out: Path) -> Path:
    """Write the page of some tables, whole or not at all.

    Args:
        found: The tables.
        out: The folder to write to; links to the runs' own pages go from there.

    Returns:
        The file.
    """
    limit = PICTURES_BYTES // max(1, sum(len(table.groups) for table in found))
    sections = [_section(table, out, limit) for table in found]
    runs = sum(len(group.runs) for table in found for group in table.groups)
    path = out / NAME
    save(render("runs.html", {"title": "Runs side by side", "runs": runs, "sections": sections}), path)
    return path


def _section(table: Table, out: Path, limit: int) -> dict[str, Any]:
    drawn = [_chart(table, "updates"), _chart(table, "time")] if table.score else []
    return {
        "heading": heading(table),
        "protocol": protocol(table) if table.score else "",
        "rows": [cells(table, group) for group in table.groups],
        "charts": [one for one in drawn if one is not None],
        "cards": [_card(table, group, place, out, limit) for place, group in enumerate(table.groups)],
        "failed": without_results(table),
    }


def _chart(table: Table, against: Against) -> Chart | None:
    """Draw a line for each group, with a band of one deviation, and a dashed one for each run without results."""
    assert table.score is not None
    means = [mean(group, table.score, against) for group in table.groups]
    broken = [[single(r, table.score, against) for r in group.runs if r.results is None] for group in table.groups]
    scale, x_name = x_axis([*means, *(curve for some in broken for curve in some)], against)

    def line(group: Group, curve: Curve, color: int, dashed: bool) -> Line:
        x = [value / scale for value in curve.x]
        return Line(group.name, x, curve.y, color, curve.deviation, dots=len(x) <= 30 and not dashed, dashed=dashed)

    lines = [
        line(group, curve, place, False) for place, (group, curve) in enumerate(zip(table.groups, means, strict=True))
    ]
    lines += [line(table.groups[place], curve, place, True) for place, some in enumerate(broken) for curve in some]
    levels = [Level("held-out real images", table.baselines["held_out"])] if "held_out" in table.baselines else []
    note = f"{'higher' if table.higher_is_better else 'lower'} is better"
    title = f"{table.score} by {'generator updates' if against == 'updates' else 'time'}"
    return chart(title, lines, levels, note, x_name, may_be_log=not table.higher_is_better)


def _card(table: Table, group: Group, place: int, out: Path, limit: int) -> Card:
    run = _best(table, group)
    grids = sample_grids(run.folder, run.results.steps if run.results else None)
    if run.results is None:
        score = "unfinished" if run.unfinished else "failed"
    elif table.score is None:
        score = ""
    else:
        step, value = table.best(run)
        score = f"{number(value)} at step {step:,}"
    seed = f", seed {run.config['seed']}" if "seed" in run.config and len(group.runs) > 1 else ""
    alt = f"Samples of {group.name}{seed}" + (f" at step {int(grids[-1].stem):,}" if grids else "")
    links = [_link(one, out) for one in sorted(group.runs, key=_seed)]
    return Card(
        group.name, score + seed, picture(grids[-1], limit) if grids else None, alt, images(run.config), links, place
    )


def _best(table: Table, group: Group) -> Run:
    """Return the run of a group that its samples are shown of: that of the best score, or the first."""
    if not group.finished or table.score is None:
        return (group.finished or group.runs)[0]
    sign = 1 if table.higher_is_better else -1
    scores = {place: sign * table.best(run)[1] for place, run in enumerate(group.finished)}
    numbers = {place: score for place, score in scores.items() if not math.isnan(score)} or scores
    return group.finished[max(numbers, key=lambda place: numbers[place])]


def _link(run: Run, out: Path) -> Link:
    page = run.folder / NAME
    text = f"seed {run.config['seed']}" if "seed" in run.config else relative(run.folder)
    return Link(
        text, quote(Path(os.path.relpath(page.resolve(), out.resolve())).as_posix()) if page.is_file() else None
    )


def _seed(run: Run) -> tuple[int, str]:
    seed = run.config.get("seed")
    return (seed if isinstance(seed, int) else 0, str(run.folder))
