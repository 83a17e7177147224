"""Tables of runs in Markdown."""

import re
from collections.abc import Callable
from functools import partial

from gan.formats import duration, number, printable
from gan.report.groups import Group, mean
from gan.report.tables import Table
from gan.runs.folder import relative_to_cwd
from gan.runs.protocol import describe_measures
from gan.runs.record import RunRecord

__all__ = ["cells", "heading", "markdown", "protocol", "without_results"]

NONE = "–"
MAX_CELL = 1000  # characters; names and reasons are shorter


def markdown(table: Table) -> str:
    """Return a table in Markdown, below its heading and protocol and above the runs without results."""
    lines = [f"## {heading(table)}", ""]
    lines += [protocol(table), ""] if table.score else []
    lines += _grid([cells(table, group) for group in table.groups])
    failed = [{**row, "folder": f"`{row['folder']}`"} for row in without_results(table)]
    lines += ["", "Without results:", "", *_grid(failed)] if failed else []
    return "\n".join(lines)


def heading(table: Table) -> str:
    """Name the score and the data of a table."""
    if table.score is None:
        return "Without scores"
    return f"{table.score} on {table.data} ({'higher' if table.higher_is_better else 'lower'} is better)"


def protocol(table: Table) -> str:
    """Describe how a table's scores were measured, and its baselines."""
    other = dict(table.protocol)
    real, fake, split = (other.pop(key, None) for key in ("real_images", "fake_images", "real_split"))
    noun = other.pop("noun", "images")
    images = [f"{fake:,} generated against {real:,} real {noun}, split {split}"] if fake and real else []
    settings = describe_measures(other.pop("measures", {}))
    facts = [*images, *(f"{key} {value}" for key, value in other.items())]
    text = printable("; ".join([", ".join(facts), *settings]), MAX_CELL) + "."
    if table.baselines:
        first, *others = table.baselines.items()
        verb = "score" if first[0].endswith("s") else "scores"
        text += f" {first[0].capitalize()} {verb} {number(first[1])}"
        text += "".join(f", {name} {number(score)}" for name, score in others) + "."
    return text


def cells(table: Table, group: Group) -> dict[str, str]:
    """Return the cells of a group's row by column."""
    runs, results = group.finished, group.results
    row = {"run": group.name, "seeds": str(group.seeds)}
    if table.score:
        row[f"best {table.score}"] = _mean(group, lambda run: table.best(run)[1])
        row["at step"] = _range([table.best(run)[0] for run in runs])
        for name in table.scores:
            row[f"last {name}"] = _mean(group, partial(_last_score, name=name))
    row["updates"] = _range([result.global_step for result in results])
    row["time"] = NONE
    if runs:
        resumed = any(run.config.get("ckpt") for run in runs)  # results only have the time of their last part
        row["time"] = ("> " if resumed else "") + duration(mean(result.wall_seconds for result in results))
    row["without results"] = _count_failures(group)
    return row


def without_results(table: Table) -> list[dict[str, str]]:
    """Return a row of cells by column for each run that failed or has not finished."""
    return [
        {
            "folder": str(relative_to_cwd(run.folder.path)),
            "run": group.name,
            "seed": run.seed or NONE,
            "last step": f"{run.metrics.last_step:,}" if run.metrics.last_step is not None else NONE,
            "why": run.failure or "",
        }
        for group in table.groups
        for run in group.failed
    ]


def _count_failures(group: Group) -> str:
    states = [run.state for run in group.failed]
    counts = {state: states.count(state) for state in ("failed", "unfinished")}
    return ", ".join(f"{count} of {len(group.runs)} {state}" for state, count in counts.items() if count) or "none"


def _last_score(run: RunRecord, name: str) -> float:
    return run.scores[max(run.scores)][name]


def _mean(group: Group, value: Callable[[RunRecord], float]) -> str:
    """Format the mean and deviation over the finished runs."""
    if not group.finished:
        return NONE
    mean, deviation = group.spread(value)
    return number(mean) if deviation is None else f"{number(mean)} ± {number(deviation, 2)}"


def _range(values: list[int]) -> str:
    if not values:
        return NONE
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,}–{high:,}"


def _grid(rows: list[dict[str, str]]) -> list[str]:
    """Return the lines of a Markdown table."""
    columns = list(rows[0])
    lines = [[_escape(cell) for cell in row.values()] for row in rows]
    return [f"| {' | '.join(line)} |" for line in (map(_escape, columns), ["---"] * len(columns), *lines)]


def _escape(cell: str) -> str:
    """Escape what would end a cell, hold HTML or load a picture."""
    return re.sub(r"[|<]|!(?=\[)", r"\\\g<0>", printable(cell, MAX_CELL))
