"""Correctness on a GPU: the tests with the marker ``gpu``, run as a subprocess of limited time."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from gan.benchmark.check_plugin import FILE
from gan.config import CONF

__all__ = ["Check", "missing_for_checks", "run_checks"]

ROOT = CONF.parent
TESTS = ("tests/gpu", "tests/distributed/test_gpu.py")
PROCESSES = 4  # that share the GPU
END_SECONDS = 10.0  # for pytest to end its processes after an interrupt


@dataclass(frozen=True)
class Check:
    """Outcome of a check.

    Attributes:
        name: Name of the test.
        outcome: ``passed``, ``failed`` or ``skipped``.
        seconds: Duration.
        reason: Why it failed or was skipped, in one line.
        measured: What it measured, by name.
    """

    name: str
    outcome: str
    seconds: float
    reason: str = ""
    measured: dict[str, str] = field(default_factory=dict)


def missing_for_checks() -> str:
    """Return why the checks cannot run here, as in an installed package, which has no tests; empty if they can."""
    if not (ROOT / TESTS[0]).is_dir():
        return "skipped: the tests are not here; they are in the project's checkout"
    return "" if find_spec("pytest") else "skipped: pytest is not installed: pip install pytest"


def run_checks(seconds: float, folder: Path, dry: bool, tests: tuple[str, ...] = TESTS) -> list[Check]:
    """Run the checks, and return their outcomes; those that had no time are missing, which a failed check says.

    Args:
        seconds: Time after which the checks are interrupted.
        folder: Folder for ``checks.log``, the output of pytest, and ``checks.jsonl``, the outcomes.
        dry: Whether the checks run on the CPU, against itself.
        tests: Files and folders of tests.
    """
    outcomes = folder.absolute() / "checks.jsonl"
    outcomes.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-c", "pyproject.toml", "-o", "addopts=-q --strict-markers", "-m", "gpu"]
    command += ["-p", "gan.benchmark.check_plugin", "-p", "no:cacheprovider", "--continue-on-collection-errors"]
    if find_spec("xdist") is not None and not dry:
        command += ["-n", str(PROCESSES), "--dist", "load"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    environment |= {FILE: str(outcomes), "OMP_NUM_THREADS": "1"} | ({"GAN_DRY_GPU": "1"} if dry else {})
    with (folder / "checks.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen([*command, *tests], cwd=ROOT, env=environment, stdout=log, stderr=log)
        ended = _wait(process, seconds)
    checks = list(_read(outcomes))
    if not ended:
        reason = f"interrupted after {seconds:.0f} s: those that are not in this table did not run"
        checks.append(Check("all checks", "failed", seconds, reason))
    elif process.returncode not in (0, 1):  # 1: a test has failed
        reason = f"pytest ended with status {process.returncode}: see {folder / 'checks.log'}"
        checks.append(Check("all checks", "failed", 0.0, reason))
    return checks


def _wait(process: "subprocess.Popen[bytes]", seconds: float) -> bool:
    """Wait for a process for some time, then end it; return whether it ended by itself."""
    try:
        process.wait(seconds)
        return True
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)  # pytest then ends its own processes
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)
        return False
    finally:
        process.kill()  # nothing where it has ended
        process.wait()


def _read(path: Path) -> Iterator[Check]:
    """Yield the outcomes; a check that passed and then failed to clean up has failed."""
    found: dict[str, Check] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        values = json.loads(line)
        name = _plain(values.pop("check"))
        found[name] = Check(name, **values)
    yield from found.values()


def _plain(test: str) -> str:
    """Return the name of a test as words, such as ``games: samples are those of the cpu [dcgan]``."""
    path, _, function = test.partition("::test_")
    name, bracket, parameters = function.partition("[")
    return f"{Path(path).stem.removeprefix('test_')}: {name.replace('_', ' ')} {bracket}{parameters}".strip(" :")
