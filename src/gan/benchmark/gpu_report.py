"""Report of ``gan.benchmark gpu``: JSON and a page of tables, written anew after each part."""

import json
import platform
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import torch

from gan.benchmark.checks import Check
from gan.benchmark.output import format_ratios, make_result
from gan.host import processor
from gan.runs.writing import write_text
from gan.shell import command_line

__all__ = ["GPUReport", "Measurement"]

DRY = "**Trial run on the CPU with tiny sizes: no figure means anything.** What needs a GPU was skipped."


@dataclass
class Measurement:
    """Measurements of a case.

    Attributes:
        images: Images per update.
        reference: The implementation that the others are compared with.
        seconds: Seconds per update in each round, by implementation.
        peak_memory_mb: Peak memory in MB, by implementation: allocated tensors on a GPU.
        absent: Reasons by the names of implementations that were not measured.
    """

    images: int
    reference: str
    seconds: dict[str, list[float]] = field(default_factory=dict)
    peak_memory_mb: dict[str, float] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)


@dataclass
class GPUReport:
    """Everything that a run of the command found.

    Attributes:
        folder: Folder of ``gpu.json`` and ``gpu.md``.
        options: Options of train.py.
        dry: Whether this is a trial run on the CPU.
        checks: Outcomes of the checks; None before they have run.
        checks_absent: Why there are no checks.
        cases: Measurements by case.
        left_out: Reasons by the names of cases that were not measured.
        seconds: Time that the command took so far.
    """

    folder: Path
    options: list[str]
    dry: bool
    checks: list[Check] = field(default_factory=list)
    checks_absent: str = ""
    cases: dict[str, Measurement] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def failures(self) -> list[str]:
        """Names of failed checks and implementations."""
        failed = [check.name for check in self.checks if check.outcome == "failed"]
        return failed + [
            f"{case}, {name}"
            for case, measurement in self.cases.items()
            for name, reason in measurement.absent.items()
            if reason.startswith("failed")
        ]

    def save(self) -> None:
        """Write the JSON file and the page; what is in them is whole at any time.

        Raises:
            WriteError: If the system refuses.
        """
        values = asdict(self)
        for name in ("folder", "options"):
            values.pop(name)
        result = make_result("gpu", self.options, **describe_device(self.dry), **values)
        write_text(self.folder / "gpu.json", json.dumps(result, indent=2) + "\n")
        write_text(self.folder / "gpu.md", self.page(result) + "\n")

    def page(self, result: dict[str, Any]) -> str:
        """Return the page: the circumstances, the checks, the measurements, and what was left out."""
        versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
        lines = ["# Benchmark of a GPU", ""] + ([DRY, ""] if self.dry else [])
        lines += [f"- Device: {result['device']}", f"- Machine: {result['machine']}, {result['processor']}"]
        lines += [f"- Software: {versions}, CUDA {result['cuda']}", f"- Date: {result['date']}"]
        lines += [f"- Command: `{result['command']}`, {self.seconds:.0f} s", ""]
        lines += ["## Checks", "", *self._checks(), "", "## Speed", "", *self._speed()]
        if self.left_out:
            lines += ["", "## Left out", "", *(f"- {name}: {reason}" for name, reason in self.left_out.items())]
        return "\n".join(lines)

    def _checks(self) -> list[str]:
        if not self.checks:
            return [self.checks_absent or "none yet"]
        counts = [f"{sum(c.outcome == o for c in self.checks)} {o}" for o in ("passed", "failed", "skipped")]
        lines = [f"{', '.join(counts)}.", "", "| check | outcome | seconds | measured, or reason |"]
        lines.append("| --- | --- | --- | --- |")
        for check in sorted(self.checks, key=lambda check: (check.outcome != "failed", check.name)):
            if check.outcome != "skipped":
                remarks = [f"{name} {value}" for name, value in check.measured.items()] + [check.reason]
                text = "; ".join(remark for remark in remarks if remark)
                lines.append(_row(check.name, check.outcome, f"{check.seconds:.1f}", text))
        skipped: dict[tuple[str, str], list[str]] = {}
        for check in self.checks:
            if check.outcome == "skipped":
                name, _, parameters = check.name.partition(" [")
                skipped.setdefault((name, check.reason), []).append(parameters.removesuffix("]"))
        for (name, reason), parameters_of in skipped.items():
            lines.append(_row(name, "skipped", "", f"{reason}: {', '.join(parameters_of)}".removesuffix(": ")))
        return lines

    def _speed(self) -> list[str]:
        lines = ["Median, and range of the rounds. A ratio above 1 means faster than the reference.", ""]
        lines += ["| case | implementation | ms | images/s | speed against the reference | peak memory, MB |"]
        lines += ["| --- | --- | --- | --- | --- | --- |"]
        for case, measurement in self.cases.items():
            reference = measurement.seconds.get(measurement.reference)
            for name, seconds in measurement.seconds.items():
                speeds = [measurement.images / value for value in seconds]
                spread = f"{median(speeds):,.0f} ({min(speeds):,.0f} to {max(speeds):,.0f})"
                is_reference = name == measurement.reference
                ratio = "not measured" if reference is None else format_ratios(reference, seconds)
                memory = f"{measurement.peak_memory_mb[name]:,.0f}"
                ms = f"{1e3 * median(seconds):,.2f}"
                lines.append(_row(case, name, ms, spread, "reference" if is_reference else ratio, memory))
        absent = [
            f"- {case}, {name}: {reason}"
            for case, measurement in self.cases.items()
            for name, reason in measurement.absent.items()
        ]
        return [*lines, "", "Not measured:", "", *absent] if absent else lines


def describe_device(dry: bool) -> dict[str, str]:
    """Return the device, CUDA's version, the processor and the command."""
    device, cuda = "CPU", "none"
    if not dry:
        properties = torch.cuda.get_device_properties(0)
        device = f"{properties.name}, {properties.total_memory / 2**30:.0f} GiB, capability "
        device += f"{properties.major}.{properties.minor}"
        cuda = f"{torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}"
    command = command_line(["python", "-m", "gan.benchmark", *sys.argv[1:]])
    system = platform.system()
    return {"device": device, "cuda": cuda, "processor": f"{processor()}, {system}", "command": command}


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
