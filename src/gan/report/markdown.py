"""A table of runs in markdown: what its scores are above it, and the runs without results below."""

import os
from functools import partial
from pathlib import Path
from statistics import fmean

from gan.report.groups import Group, Spread
from gan.report.runs import Run
from gan.report.tables import Table

__all__ = ["cells", "heading", "markdown", "protocol", "relative", "without_results"]


def markdown(table: Table) -> str:
    """Write a table with what its scores are above it, and the runs that failed below."""
    body = [cells(table, group) for group in table.groups]
    facts = [protocol(table), ""] if table.score else []
    lines = [f"## {heading(table)}", "", *facts, *_grid(body)]
    failed = [{**row, "folder": f"`{row['folder']}`"} for row in without_results(table)]
    return "\n".join([*lines, *(["", "Without results:", "", *_grid(failed)] if failed else [])])


def without_results(table: Table) -> list[dict[str, str]]:
    """Return a row for each run that failed or has not finished, by column."""
    return [
        {
            "folder": relative(run.folder),
            "run": group.name,
            "seed": str(run.config.get("seed", "–")),
            "last step": f"{run.last_step:,}" if run.last_step is not None else "–",
            "why": run.failure or "",
        }
        for group in table.groups
        for run in group.runs
        if run.results is None
    ]


def cells(table: Table, group: Group) -> dict[str, str]:
    """Return a group's row, by column."""
    runs, results = group.finished, group.results
    row = {"run": group.name, "seeds": str(group.seeds)}
    if table.score:
        row[f"best {table.score}"] = _spread(group.spread(lambda run: table.best(run)[1])) if runs else "–"
        row["at step"] = _span([table.best(run)[0] for run in runs])
        for name in table.scores:
            row[f"last {name}"] = _spread(group.spread(partial(_last, name=name))) if runs else "–"
    row["updates"] = _span([result.steps for result in results])
    minutes, seconds = divmod(round(fmean(result.wall_seconds for result in results)), 60) if runs else (0, 0)
    more = "> " if any(run.config.get("ckpt") for run in runs) else ""  # results hold a resumed run's last part alone
    row["time"] = f"{more}{minutes} min {seconds} s" if runs else "–"
    row["without results"] = _failures(group)
    return row


def _failures(group: Group) -> str:
    missing = [run for run in group.runs if run.results is None]
    unfinished = sum(run.unfinished for run in missing)
    counts = {"failed": len(missing) - unfinished, "unfinished": unfinished}
    return ", ".join(f"{n} of {len(group.runs)} {kind}" for kind, n in counts.items() if n) or "none"


def heading(table: Table) -> str:
    """Say what a table is of."""
    if table.score is None:
        return "Without scores"
    return f"{table.score} on {table.data} ({'higher' if table.higher_is_better else 'lower'} is better)"


def protocol(table: Table) -> str:
    """Say how a table's scores were measured, and between what they lie."""
    rest = dict(table.protocol)
    real, fake, split = (rest.pop(key, None) for key in ("real_images", "fake_images", "real_split"))
    images = [f"{fake:,} generated against {real:,} real images, split {split}"] if fake and real else []
    measures = rest.pop("measures", {}).items()
    settings = [" ".join([name, *(f"{key}={value}" for key, value in chosen.items())]) for name, chosen in measures]
    facts = [*images, *(f"{key} {value}" for key, value in rest.items())]
    text = "; ".join([", ".join(facts), *settings]) + "."
    if "held_out" in table.baselines:
        text += f" Held-out real images score {_number(table.baselines['held_out'])}"
        text += f", noise {_number(table.baselines['noise'])}." if "noise" in table.baselines else "."
    return text


def _last(run: Run, name: str) -> float:
    return run.scores[max(run.scores)][name]


def relative(folder: Path) -> str:
    """Name a folder from where one is, if it is below."""
    here = Path.cwd()
    return os.fspath(folder.resolve().relative_to(here) if folder.resolve().is_relative_to(here) else folder)


def _grid(rows: list[dict[str, str]]) -> list[str]:
    """Lay rows out in markdown."""
    columns = list(rows[0])
    cells = [[row[column].replace("|", "\\|") for column in columns] for row in rows]
    return [f"| {' | '.join(line)} |" for line in (columns, ["---"] * len(columns), *cells)]


def _spread(spread: Spread) -> str:
    mean, deviation = spread
    return _number(mean) if deviation is None else f"{_number(mean)} ± {_number(deviation, 2)}"


def _span(values: list[int]) -> str:
    if not values:
        return "–"
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,}–{high:,}"


def _number(value: float, digits: int = 4) -> str:
    """Write a number with a few digits, the whole part in full."""
    return f"{value:,.0f}" if 10**digits - 0.5 <= abs(value) < 1e9 else f"{value:.{digits}g}"
