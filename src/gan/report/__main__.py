"""``python -m gan.report FOLDER...``: runs side by side, as tables, plots and a page, those that failed too."""

import argparse
import logging
from pathlib import Path

from gan import cli
from gan.errors import UserError
from gan.report.comparison import write_comparison
from gan.report.markdown import markdown
from gan.report.page import NAME as PAGE
from gan.report.page import fresh, write_page
from gan.report.plots import draw
from gan.report.runs import find_runs
from gan.report.tables import Table, tables

__all__ = ["main"]

log = logging.getLogger(__name__)


def main() -> None:
    """Report as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m gan.report", description="Tabulate and plot runs.")
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="holds runs, at any depth")
    parser.add_argument("--out", type=Path, default=Path("report"), help="a folder (default: %(default)s)")
    parser.add_argument("--score", help="what to sort and plot by (default: the score that picked best.ckpt)")
    args = parser.parse_args()
    if not args.folders:
        raise UserError("name a folder that holds runs, as in: python -m gan.report runs")

    runs = find_runs(args.folders)
    found = tables(runs, args.score)
    for run in runs:
        if not fresh(run.folder):  # it failed, goes on, or is older than pages are
            _write_page(run.folder)
    try:
        print("\n\n".join(markdown(table) for table in found))
        print("\nWrote " + ", ".join(map(str, write(found, args.out))))
    except OSError as error:
        raise UserError(f"--out {args.out}: {error}") from error


def write(found: list[Table], out: Path) -> list[Path]:
    """Write report.md, two plots for each table with scores, and all of it as a page.

    Returns:
        The files.
    """
    out.mkdir(parents=True, exist_ok=True)
    files, sections, number = [out / "report.md"], [], 0
    for table in found:
        section = markdown(table)
        number += table.score is not None
        for x in ("updates", "time") if table.score else ():
            path = out / (f"{x}.png" if number == 1 else f"{x}-{number}.png")
            if draw(table, x, path):
                files.append(path)
                section += f"\n\n![{table.score} against {x}]({path.name})"
        sections.append(section)
    files[0].write_text("\n\n".join(sections) + "\n")
    return [*files, write_comparison(found, out)]


def _write_page(folder: Path) -> None:
    """Write a run's page, if one may write there."""
    try:
        write_page(folder)
    except OSError as error:
        log.warning("%s could not be written (%s)", folder / PAGE, error)


if __name__ == "__main__":
    cli.run(main)
