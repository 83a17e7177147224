"""Plugin of pytest that writes each check's outcome to a file of JSON lines as soon as it is known.

The environment variable GAN_CHECKS names the file. A report that is written at the end would be lost with a process
that is ended in time.
"""

import json
import os
from pathlib import Path
from typing import Any

__all__ = ["FILE"]

FILE = "GAN_CHECKS"


def pytest_runtest_logreport(report: Any) -> None:
    """Write the outcome of a check: of its call, or of a setup or teardown that failed or skipped it."""
    if report.when != "call" and report.passed:
        return
    error = getattr(getattr(report.longrepr, "reprcrash", None), "message", "") or ""
    reason = report.longrepr[2] if report.skipped and isinstance(report.longrepr, tuple | list) else error
    lines = reason.removeprefix("Skipped: ").splitlines() or [""]
    measured = {name: str(value) for name, value in report.user_properties}
    _write(check=report.nodeid, outcome=report.outcome, seconds=report.duration, reason=lines[0], measured=measured)


def pytest_collectreport(report: Any) -> None:
    """Write a file of checks that could not be imported."""
    if report.failed:
        _write(check=report.nodeid, outcome="failed", seconds=0.0, reason=str(report.longrepr).splitlines()[-1])


def _write(**line: Any) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:  # whose reports reach the process that started it
        with Path(os.environ[FILE]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
