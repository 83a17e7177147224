"""``python -m gan.course``: measure the chapters of the course, and draw their figures and tables."""

import argparse
import time
from pathlib import Path

import torch

from gan import cli
from gan.course.chapters import CHAPTERS
from gan.course.files import ChapterFiles, measurement
from gan.errors import UserError
from gan.host import set_threads
from gan.runs.record import find_runs

__all__ = ["main"]

COURSE = Path("docs/course")


def main() -> None:
    """Parse the command line and run a command."""
    args = _parser().parse_args()
    if args.command == "draw":
        for name in args.chapters or CHAPTERS:
            files = ChapterFiles(CHAPTERS[name], name, args.course)
            files.draw()
            print(f"Wrote {files.page} and its figures")
        return
    files = ChapterFiles(CHAPTERS[args.chapter], args.chapter, args.course)
    if args.command == "measure":
        _measure(files, args.chapter, args.short)
    else:
        _collect(files, args.chapter, args.folders)
    print(f"Wrote tables to {files.folder}")
    print(f"Next     python -m gan.course draw {args.chapter}")


def _measure(files: ChapterFiles, name: str, short: bool) -> None:
    """Compute a chapter's tables.

    Raises:
        UserError: If the chapter's tables come from runs alone.
    """
    if files.chapter.measure is None:
        sweep = files.chapter.sweep or name
        raise UserError(f"{name} is a sweep: python train.py -m experiment=course/{sweep}, then collect its runs")
    set_threads()
    start = time.perf_counter()
    tables = files.chapter.measure(short)
    command = f"python -m gan.course measure {name}{' --short' if short else ''}"
    files.write_tables(tables, measurement(command, time.perf_counter() - start, torch.get_num_threads()))


def _collect(files: ChapterFiles, name: str, folders: list[Path]) -> None:
    """Read a chapter's tables from the runs of its sweep.

    Raises:
        UserError: If the chapter has no sweep, or a run has not finished.
    """
    if files.chapter.collect is None:
        raise UserError(f"{name} has no sweep: python -m gan.course measure {name}")
    runs = find_runs(folders)
    if unfinished := [run for run in runs if run.results is None]:
        raise UserError(f"{unfinished[0].folder.path}: {unfinished[0].failure} ({len(unfinished)} of {len(runs)} runs)")
    seconds = sum(run.results.wall_seconds for run in runs if run.results is not None)
    sweep = f"python train.py -m experiment=course/{files.chapter.sweep or name}"
    files.write_tables(files.chapter.collect(runs), measurement(sweep, seconds, 1, runs))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gan.course", description="Measure the chapters of docs/course, and draw their figures."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, description: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=description, description=description)
        sub.add_argument("--course", type=Path, default=COURSE, help="folder of the pages (default: %(default)s)")
        return sub

    sub = add("measure", "compute a chapter's tables and write them as CSV files")
    sub.add_argument("chapter", choices=CHAPTERS, help="name of the chapter")
    sub.add_argument("--short", action="store_true", help="a short form, in minutes, to try it out")
    sub = add("collect", "read a chapter's tables from the runs of its sweep")
    sub.add_argument("chapter", choices=CHAPTERS, help="name of the chapter")
    sub.add_argument("folders", nargs="+", type=Path, help="folders with the runs")
    sub = add("draw", "draw the figures of chapters, and fill their pages' tables")
    sub.add_argument("chapters", nargs="*", metavar="chapter", help="names of chapters (default: all)")
    return parser


if __name__ == "__main__":
    cli.run(main)
