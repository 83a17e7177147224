"""Sides that take turns, so that what the machine does meanwhile meets them all alike."""

import csv
import platform
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

from gan.host import cores, versions
from gan.progress import progress_bar

__all__ = ["interleaved", "ratios", "result", "speed", "table"]


def interleaved(sides: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Let each side have its turn, round after round, from first to last and from last to first.

    Args:
        sides: Functions that measure something once, by name.
        rounds: Number of turns.

    Returns:
        The measurements of each side, in the order of rounds.
    """
    measured: dict[str, list[float]] = {name: [] for name in sides}
    turns = [name for number in range(rounds) for name in list(sides)[:: -1 if number % 2 else 1]]
    for name in progress_bar(turns, len(turns), "Turns"):
        measured[name].append(sides[name]())
    return measured


def speed(folder: Path) -> float:
    """Return a run's images a second: the median of its logged windows but the first, in which all warms up."""
    with (folder / "metrics.csv").open(newline="") as file:
        windows = [float(row["train/images_per_second"]) for row in csv.DictReader(file)]
    return median(windows[1:])


def ratios(numbers: list[float], others: list[float]) -> str:
    """Show the ratios of numbers of the same rounds: their median and range."""
    found = [number / other for number, other in zip(numbers, others, strict=True)]
    return f"{median(found):.2f} ({min(found):.2f} to {max(found):.2f})"


def result(case: str, options: list[str], **measured: Any) -> dict[str, Any]:
    """Put measurements together with what they were measured on."""
    return {
        "case": case,
        "options": options,
        "date": date.today().isoformat(),
        "machine": f"{platform.machine()}, {cores()} cores",
        "versions": versions(),
        **measured,
    }


def table(measured: Mapping[str, list[float]]) -> str:
    """Show images a second: each side's median and range, and its ratio to the first side, turn by turn."""
    first = next(iter(measured.values()))
    lines = ["| side | images/s | range | ratio |", "| --- | --- | --- | --- |"]
    for name, speeds in measured.items():
        spread = f"{min(speeds):,.0f} to {max(speeds):,.0f}"
        lines.append(f"| {name} | {median(speeds):,.0f} | {spread} | {ratios(speeds, first)} |")
    return "\n".join(lines)
