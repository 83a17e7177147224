"""Outcome of the cases of one kind of fault, each drawn from random numbers of its own."""

import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from shutil import rmtree
from time import perf_counter

__all__ = ["Check", "Outcome", "UndisturbedError", "run_cases"]

LONGEST = 600  # characters of a failure

Check = Callable[[Random, int, Path], str | None]
"""Function that tries one case in an empty folder, and returns what is wrong, or None."""


class UndisturbedError(RuntimeError):
    """Failure without a fault of what the cases disturb, so that none can be tried."""


@dataclass
class Outcome:
    """Outcome of the cases of one kind.

    Attributes:
        kind: Name of the kind, as ``--only`` takes it.
        tried: Number of cases.
        failures: What was wrong, a line each, with the options that rerun the case alone.
        seconds: Duration of all cases.
    """

    kind: str
    tried: int = 0
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def passed(self) -> int:
        return self.tried - len(self.failures)


def run_cases(
    kind: str, seed: int, cases: Sequence[int], folder: Path, check: Check, limit: float | None = None
) -> Outcome:
    """Try cases one after the other.

    Args:
        kind: Name of the kind.
        seed: Seed of the campaign.
        cases: Numbers of the cases.
        folder: Folder for their files; those of a case that failed are kept.
        check: Function that tries one case.
        limit: Seconds that a case may take; None for any number.
    """
    outcome, start = Outcome(kind, len(cases)), perf_counter()
    for case in cases:
        own = folder / f"{kind}-{case}"
        own.mkdir(parents=True)
        began = perf_counter()
        try:
            wrong = check(Random(f"{seed} {kind} {case}"), case, own)
        except UndisturbedError:
            raise
        except Exception as error:  # of any kind: it is this case's outcome, and the others must be tried
            wrong = f"{type(error).__name__}: {error} ({traceback.extract_tb(error.__traceback__)[-1]})"
        if wrong is None and limit is not None and perf_counter() - began > limit:
            wrong = f"it took {perf_counter() - began:.1f} s"
        if wrong is None:
            rmtree(own)
            continue
        outcome.failures.append(f"--seed {seed} --only {kind} --case {case}: {' '.join(wrong.split())[:LONGEST]}")
        print(outcome.failures[-1], file=sys.stderr, flush=True)
    outcome.seconds = perf_counter() - start
    return outcome
