"""Files of a chapter: CSV tables, PNG figures, the page, and what is known of the measurement."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pandas
from pandas import DataFrame

from gan.course.chapter import Chapter, Tables
from gan.course.page import fill, markdown_table
from gan.errors import UserError
from gan.formats import duration
from gan.host import processor, versions
from gan.runs.record import RunRecord
from gan.runs.writing import atomic_path, write_text

__all__ = ["ChapterFiles", "measurement"]

SOURCES = "protocol"  # name of the table of measurements
SHORT = " --short"  # end of the command of a short measurement


def measurement(command: str, seconds: float, threads: int, runs: Sequence[RunRecord] = ()) -> dict[str, object]:
    """Describe a measurement: its command, machine, versions, time and date."""
    return {
        "command": command,
        "runs": len(runs),
        "seconds": round(seconds),
        "threads": threads,
        "machine": processor(),
        "torch": versions()["torch"],
        "date": datetime.now(UTC).date().isoformat(),
    }


class ChapterFiles:
    """Files of a chapter: ``NAME.md``, and a folder ``NAME`` of tables and figures.

    Args:
        chapter: The chapter.
        name: Its name.
        course: Folder of the course.
    """

    def __init__(self, chapter: Chapter, name: str, course: Path) -> None:
        self.chapter, self.page, self.folder = chapter, course / f"{name}.md", course / name

    def write_tables(self, tables: Tables, source: dict[str, object]) -> None:
        """Write tables as CSV files with 6 significant digits, and note what they were measured with."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{SOURCES}.csv"
        known = pandas.read_csv(path) if path.is_file() else DataFrame(columns=list(source))
        replaced = str(source["command"]).removesuffix(SHORT)
        others = known[known["command"].str.removesuffix(SHORT) != replaced]
        sources = DataFrame([*others.to_dict("records"), source])
        for name, table in {**tables, SOURCES: sources}.items():
            write_text(self.folder / f"{name}.csv", table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))

    def tables(self) -> Tables:
        """Read the tables.

        Raises:
            UserError: If there are none.
        """
        tables = {path.stem: pandas.read_csv(path) for path in sorted(self.folder.glob("*.csv"))}
        if not tables:
            raise UserError(f"{self.folder} has no tables: measure the chapter first")
        return tables

    def filled_page(self) -> str:
        """Return the page, with its blocks filled from the tables."""
        tables = self.tables()
        blocks = {**self.chapter.blocks(tables), SOURCES: protocol(tables[SOURCES])}
        return fill(self.page.read_text(encoding="utf-8"), blocks)

    def draw(self) -> None:
        """Write the figures and fill the page."""
        for name, figure in self.chapter.figures(self.tables()).items():
            with atomic_path(self.folder / f"{name}.png") as path:
                figure.savefig(path, format="png", dpi=110, metadata={"Software": None})
        write_text(self.page, self.filled_page())


def protocol(sources: DataFrame) -> str:
    """Return a table of how a chapter was measured."""
    rows: list[Sequence[object]] = [
        (
            f"`{row['command']}`",
            row["runs"] or "–",
            duration(float(row["seconds"])),
            f"{row['threads']} thread{'s' if int(row['threads']) > 1 else ''}, {row['machine']}",
            f"{row['date']}, torch {row['torch']}",
        )
        for row in sources.to_dict("records")
    ]
    return markdown_table(("command", "runs", "time", "machine", "date"), rows)
