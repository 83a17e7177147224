"""W&B servers that refuse, hang, answer 500 or nonsense, from the start or after some requests.

A run ends as it does without a tracker, and waits for the server for its ``timeout`` and two seconds at most.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random

from tests.conftest import Run, start_python
from tests.faults.games import differences, new_run, train_undisturbed
from tests.faults.outcome import Outcome, UndisturbedError, run_cases
from tests.faults.tracker import FAULTS, environment, failing_server

__all__ = ["run"]

GAME = "dcgan"
PATIENCE = 2.0  # seconds in addition to the timeout
ATTEMPTS = 4  # of a run that took too long: the machine may have become busy
LIMIT = 120  # seconds
TIMED = """
import sys, time
import gan, gan.training, gan.loggers.wandb
start = time.perf_counter()
gan.train(*sys.argv[1:])
print("seconds", time.perf_counter() - start)
"""


def run(seed: int, cases: Sequence[int], folder: Path) -> Outcome:
    """Train with a server that fails per case, in each way in turn."""
    base = cache(lambda: _prepare(folder / "base"))
    return run_cases("outages", seed, cases, folder, lambda *case: _check(folder / "base" / "whole", base(), *case))


def _prepare(folder: Path) -> float:
    """Train without a tracker, for comparison, and offline; return the duration of the latter."""
    train_undisturbed(folder / "whole", GAME)
    return _time_offline(folder / "offline")


def _time_offline(folder: Path) -> float:
    """Return the duration of a run that is tracked offline."""
    done = _train(folder, timeout=1, port=9, options=["logger.wandb.mode=offline"])
    if done.status != 0:
        raise UndisturbedError(f"an offline run fails: {done.err[-500:]}")
    return _seconds(done)


def _check(whole: Path, offline: float, random: Random, case: int, folder: Path) -> str | None:
    fault, at_start = FAULTS[case % len(FAULTS)], case // len(FAULTS) % 2 == 0
    after, timeout = 0 if at_start else random.randint(1, 6), random.randint(2, 5)
    name = f"{fault} after {after} requests, timeout {timeout}"
    for attempt in range(ATTEMPTS):
        path = folder / f"run-{attempt}"
        with failing_server(fault, after) as port:
            done = _train(path, timeout, port, [])
        if done.status != 0 or "Traceback" in done.err:
            return f"{name}: status {done.status}, {done.err[-400:]}"
        if "wandb sync" not in done.out and "http://" not in done.out:
            return f"{name}: neither the address nor the command to synchronise is printed: {done.out[-400:]}"
        waited = _seconds(done) - offline
        if waited <= timeout + PATIENCE:
            break
        offline = _time_offline(folder / f"offline-{attempt}")
    else:
        return f"{name}: waited {waited:.1f} s"
    wrong = list(differences(whole, path))
    return f"{name}: {'; '.join(wrong[:4])}" if wrong else None


def _train(folder: Path, timeout: int, port: int, options: Sequence[str]) -> Run:
    """Train with W&B in a new process, since forked ones cannot use it."""
    words = [*new_run(folder, GAME), "logger=wandb", f"logger.wandb.timeout={timeout}", *options]
    process = start_python("-c", TIMED, *words, OMP_NUM_THREADS="1", **environment(port))
    out, err = process.communicate(timeout=LIMIT)
    assert process.returncode is not None
    return Run(process.returncode, out, err, folder)


def _seconds(done: Run) -> float:
    return float(done.out.rpartition("seconds ")[2])
