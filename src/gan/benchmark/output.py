"""Output of the benchmark: tables, ratios, and the facts written with the measurements."""

import platform
from collections.abc import Mapping
from datetime import date
from statistics import median
from typing import Any

from gan.host import cores, versions

__all__ = ["format_ratios", "make_result", "throughput_table"]


def make_result(case: str, options: list[str], **measurements: Any) -> dict[str, Any]:
    """Combine measurements with the date, the machine, and the versions of packages."""
    return {
        "case": case,
        "options": options,
        "date": date.today().isoformat(),
        "machine": f"{platform.machine()}, {cores()} cores",
        "versions": versions(),
        **measurements,
    }


def format_ratios(numerators: list[float], denominators: list[float]) -> str:
    """Format the median and range of the ratios of two implementations' measurements, round by round."""
    ratios = [numerator / denominator for numerator, denominator in zip(numerators, denominators, strict=True)]
    return f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def throughput_table(throughputs: Mapping[str, list[float]]) -> str:
    """Format images per second: median, range, and ratio to the first implementation."""
    first = next(iter(throughputs.values()))
    lines = ["| implementation | images/s | range | ratio |", "| --- | --- | --- | --- |"]
    for name, values in throughputs.items():
        spread = f"{min(values):,.0f} to {max(values):,.0f}"
        lines.append(f"| {name} | {median(values):,.0f} | {spread} | {format_ratios(values, first)} |")
    return "\n".join(lines)
