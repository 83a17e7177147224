"""Correctness and speed on one GPU, in a limited time: ``python -m gan.benchmark gpu``."""

import multiprocessing
import os
from collections.abc import Callable
from contextlib import suppress
from fnmatch import fnmatch
from functools import partial
from math import ceil
from multiprocessing.context import BaseContext
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import torch

from gan.benchmark.checks import missing_for_checks, run_checks
from gan.benchmark.gpu_cases import Case, gpu_cases
from gan.benchmark.gpu_report import GPUReport, Measurement
from gan.benchmark.interleaving import measure_alternately
from gan.benchmark.workers import Workers
from gan.errors import UserError

__all__ = ["CHECKS", "NOT_TRIED", "gpu", "measure"]

CHECKS = "checks"  # name of the correctness checks beside those of the cases
SHARE_OF_CHECKS = 0.45  # largest share of the time that the checks may take
RESERVE_SECONDS = 5.0  # for ending processes and writing files
SHORTEST_SECONDS = 20.0  # a case starts with no less time than its processes take to start
WARM_UP = 2  # updates that are not counted
MAX_ROUNDS = 15
NOT_TRIED = "a trial run measures one case of each kind"
PRELOADED = ["gan.benchmark.gpu_cases", "gan.training"]


def gpu(options: list[str], minutes: float, out: Path, dry: bool, only: str) -> int:
    """Check correctness, then measure speed, and write ``gpu.json`` and ``gpu.md`` after each part.

    The time is shared out over what is to be measured; cases for which none is left are listed. An error of a check or
    of an implementation ends nothing else.

    Args:
        options: Further options of train.py, for all implementations.
        minutes: Time for everything.
        out: Folder for the files.
        dry: Whether everything runs on the CPU with tiny sizes, to try the command out.
        only: Pattern of names: of ``checks``, or of a case.

    Returns:
        Exit status: 0 if no check and no implementation failed.

    Raises:
        UserError: If there is no GPU, or nothing matches the pattern.
    """
    start = monotonic()
    end = start + 60 * minutes - RESERVE_SECONDS
    if dry:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""  # also of all processes started from here
    elif not torch.cuda.is_available():
        raise UserError("there is no GPU that PyTorch can use here: --dry tries the command out on the CPU")
    every = gpu_cases(options, dry)
    cases = [case for case in every if fnmatch(case.name, only)]
    if not cases and not fnmatch(CHECKS, only):
        raise UserError(f"--only {only}: the names are {', '.join([CHECKS, *(case.name for case in every)])}")
    out.mkdir(parents=True, exist_ok=True)
    report = GPUReport(out, options, dry)

    def save() -> None:
        report.seconds = monotonic() - start
        report.save()

    if fnmatch(CHECKS, only):
        report.checks_absent = missing_for_checks()
        if not report.checks_absent:
            report.checks = run_checks(SHARE_OF_CHECKS * (end - monotonic()), out, dry)
        print(f"{CHECKS}: {report.checks_absent or f'{len(report.checks)} done'}", flush=True)
    else:
        report.checks_absent = "left out by --only"
    save()
    for index, case in enumerate(cases):
        if dry and not case.tried:
            report.left_out[case.name] = NOT_TRIED
            continue
        left = end - monotonic()
        share = left * case.weight / sum(later.weight for later in cases[index:])
        if left < SHORTEST_SECONDS:
            report.left_out[case.name] = "no time was left"
        else:
            try:
                report.cases[case.name] = measure(case, monotonic() + share, end, dry)
            except TimeoutError as error:
                report.left_out[case.name] = f"no time was left: {error}"
            except UserError as error:
                report.cases[case.name] = Measurement(case.images, case.reference, absent={"all": f"failed: {error}"})
        print(f"{case.name}: {report.left_out.get(case.name, 'measured')}", flush=True)
        save()
    print(f"\n{(out / 'gpu.md').read_text(encoding='utf-8')}\nWrote {out / 'gpu.json'} and {out / 'gpu.md'}")
    if report.failures:
        print(f"Failed: {'; '.join(report.failures)}")
    return int(bool(report.failures))


def measure(case: Case, until: float, end: float, dry: bool) -> Measurement:
    """Measure the implementations of a case alternately.

    Args:
        case: The case.
        until: Time, by ``monotonic``, at which the rounds should be over.
        end: Time at which the case is given up.
        dry: Whether few and short rounds suffice.

    Raises:
        TimeoutError: If the implementations are not ready, or a round is not over, at the end.
        UserError: If the case cannot be prepared, or an implementation fails after it has worked.
    """
    measurement = Measurement(case.images, case.reference, absent=dict(case.absent))
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        loops = case.prepare(Path(folder))
        with Workers(loops, _context(dry), end) as workers:

            def attempt(name: str, seconds: Callable[[], float]) -> float | None:
                """Run an implementation; note an error, and go on without it."""
                try:
                    return seconds()
                except UserError as error:
                    measurement.absent[name] = f"failed: {error}"
                    return None

            for name in loops:  # all at once: most of it is compiling
                workers.request(name, WARM_UP)
            ready = [name for name in loops if attempt(name, partial(workers.wait, name)) is not None]
            once = {name: attempt(name, partial(workers.time_updates, name, 1)) for name in ready}
            seconds = {name: value for name, value in once.items() if value is not None}
            if not seconds:
                return measurement
            turns = {name: ceil((0.02 if dry else 0.5) / value) for name, value in seconds.items()}
            a_round = sum(turns[name] * value for name, value in seconds.items())
            rounds = max(1, min(2 if dry else MAX_ROUNDS, int((until - monotonic()) / a_round)))
            timed = {name: partial(workers.time_updates, name, number) for name, number in turns.items()}
            measurement.seconds = measure_alternately(timed, rounds, case.name)
            measurement.peak_memory_mb = {name: workers.peak_memory[name] for name in seconds}
    return measurement


def _context(dry: bool) -> BaseContext | None:
    """Return the way to start processes: a trial run forks them from one that has imported the package, if it can."""
    if dry:
        with suppress(ValueError):  # Windows has no such context
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(PRELOADED)
            return context
    return None
