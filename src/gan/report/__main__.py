"""``python -m gan.report FOLDER...``: tables, charts and a page that compare runs, including failed ones."""

import argparse
from dataclasses import replace
from pathlib import Path

from gan import cli
from gan.errors import UserError
from gan.report.comparison import write_comparison
from gan.report.markdown import markdown
from gan.report.reportable import reportable, update_page
from gan.report.score_charts import score_chart
from gan.report.svg import PLOT_SIZE, svg
from gan.report.tables import Table, tables
from gan.report.templates import save
from gan.runs.record import find_runs

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m gan.report", description="Compare runs in tables and charts.")
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="folder with runs, at any depth")
    parser.add_argument("--out", type=Path, default=Path("report"), help="output folder (default: %(default)s)")
    parser.add_argument("--score", help="score to sort by and to draw (default: the one that selects best.ckpt)")
    args = parser.parse_args()
    if not args.folders:
        raise UserError("name a folder with runs, as in: python -m gan.report runs")

    runs = [reportable(run) for run in find_runs(args.folders)]
    compared = tables(runs, args.score)
    for run in runs:
        update_page(run)
    try:
        print("\n\n".join(markdown(table) for table in compared))
        print("\nWrote " + ", ".join(map(str, write(compared, args.out))))
    except OSError as error:
        raise UserError(f"--out {args.out}: {error}") from error


def write(compared: list[Table], out: Path) -> list[Path]:
    """Write report.md, two charts for each table with scores, and a page.

    Returns:
        The files.
    """
    out.mkdir(parents=True, exist_ok=True)
    charts: list[Path] = []
    sections, number = [], 0
    for table in compared:
        section = markdown(table)
        number += table.score is not None
        for axis in ("updates", "time") if table.score else ():
            chart = score_chart(table, axis, PLOT_SIZE)
            if chart is not None:
                path = out / (f"{axis}.svg" if number == 1 else f"{axis}-{number}.svg")
                save(svg(replace(chart, title=f"{table.score} on {table.data}")), path)
                charts.append(path)
                section += f"\n\n![{table.score} against {axis}]({path.name})"
        sections.append(section)
    report = out / "report.md"
    save("\n\n".join(sections) + "\n", report)
    return [report, *charts, write_comparison(compared, out)]


if __name__ == "__main__":
    cli.run(main)
