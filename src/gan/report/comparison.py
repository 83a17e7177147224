"""Page that compares runs: ``report.html``, one file with tables, curves and samples."""

import math
import os
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from gan.formats import number
from gan.report.groups import Group
from gan.report.markdown import cells, heading, protocol, without_results
from gan.report.page import has_pixels
from gan.report.pictures import Picture, embed
from gan.report.sampled_text import read_lines
from gan.report.score_charts import score_chart
from gan.report.tables import Table
from gan.report.templates import render, save
from gan.runs.folder import PAGE, relative_to_cwd
from gan.runs.record import RunRecord

__all__ = ["write_comparison"]

SAMPLES_BYTES = 2_000_000  # for all samples together
LINES = 12  # of sampled text, for each group


class Link(NamedTuple):
    """Link to a run's page; None if it has none."""

    text: str
    page: str | None


class Card(NamedTuple):
    """Samples of a group's best seed, and its runs.

    Attributes:
        name: Name of the group.
        score: Best score of that seed, or why there is none.
        picture: Sample grid; None if there is none.
        lines: Samples of text; none for images.
        alt: Description of the image.
        pixels: Whether the samples are images, not points.
        links: Links to all runs.
        color: Index of the group's colour.
    """

    name: str
    score: str
    picture: Picture | None
    lines: list[str]
    alt: str
    pixels: bool
    links: list[Link]
    color: int


def write_comparison(tables: list[Table], out: Path) -> Path:
    """Write the page of some tables, atomically.

    Args:
        tables: Tables to show.
        out: Output folder. Links to the runs' own pages are relative to it.

    Returns:
        The file.
    """
    limit = SAMPLES_BYTES // max(1, sum(len(table.groups) for table in tables))
    sections = [_section(table, out, limit) for table in tables]
    runs = sum(len(group.runs) for table in tables for group in table.groups)
    path = out / PAGE
    save(render("comparison.html", {"title": "Comparison of runs", "runs": runs, "sections": sections}), path)
    return path


def _section(table: Table, out: Path, limit: int) -> dict[str, Any]:
    """Return the template's values for a table."""
    charts = [score_chart(table, "updates"), score_chart(table, "time")] if table.score else []
    return {
        "heading": heading(table),
        "protocol": protocol(table) if table.score else "",
        "rows": [cells(table, group) for group in table.groups],
        "charts": [chart for chart in charts if chart is not None],
        "cards": [_card(table, group, color, out, limit) for color, group in enumerate(table.groups)],
        "failed": without_results(table),
    }


def _card(table: Table, group: Group, color: int, out: Path, limit: int) -> Card:
    run = _best_run(table, group)
    grids = run.folder.sample_grids(run.results.global_step if run.results else None)
    texts = run.folder.sample_texts(run.results.global_step if run.results else None)
    score = _describe_score(table, run)
    seed = f", seed {run.seed}" if run.seed is not None and len(group.runs) > 1 else ""
    step = f" at step {int(grids[-1].stem):,}" if grids else ""
    return Card(
        name=group.name,
        score=score + seed,
        picture=embed(grids[-1], limit) if grids else None,
        lines=read_lines(texts[-1], LINES) if texts else [],
        alt=f"Samples of {group.name}{seed}{step}",
        pixels=has_pixels(run.config),
        links=[_link(other, out) for other in sorted(group.runs, key=_sort_key)],
        color=color,
    )


def _best_run(table: Table, group: Group) -> RunRecord:
    """Return the run with the best score, or the first one."""
    if not group.finished or table.score is None:
        return (group.finished or group.runs)[0]
    sign = 1 if table.higher_is_better else -1

    def rank(run: RunRecord) -> tuple[bool, float]:
        score = sign * table.best(run)[1]
        return not math.isnan(score), score

    return max(group.finished, key=rank)


def _describe_score(table: Table, run: RunRecord) -> str:
    if run.results is None:
        return run.state
    if table.score is None:
        return ""
    step, score = table.best(run)
    return f"{number(score)} at step {step:,}"


def _link(run: RunRecord, out: Path) -> Link:
    text = f"seed {run.seed}" if run.seed is not None else str(relative_to_cwd(run.folder.path))
    try:
        page = run.folder.page.resolve(strict=True)
    except OSError:  # there is none, or the folder cannot be entered
        return Link(text, None)
    return Link(text, quote(Path(os.path.relpath(page, out.resolve())).as_posix()))


def _sort_key(run: RunRecord) -> tuple[int, str]:
    seed = run.config.get("seed")
    return (seed if isinstance(seed, int) else 0, str(run.folder.path))
