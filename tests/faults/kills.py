"""SIGKILL at file events, in the middle of writes and at random moments, and the resumed run against a whole one.

A case succeeds if the run is finished by the commands that a user has, in the bits of an undisturbed run.
"""

import resource
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from time import perf_counter

from tests.faults.file_events import Death, read_log
from tests.faults.games import GAMES, differences, finish, is_finished, next_command, train, train_undisturbed
from tests.faults.outcome import Outcome, run_cases

__all__ = ["run"]

SECOND = 0.3  # share of the cases in which the resumed run is killed too


@dataclass(frozen=True)
class Whole:
    """Undisturbed run of a game.

    Attributes:
        folder: Its folder.
        events: Number of its file events.
        seconds: Its duration.
        largest: Size of its largest file.
    """

    folder: Path
    events: int
    seconds: float
    largest: int


def run(seed: int, cases: Sequence[int], folder: Path) -> Outcome:
    """Kill and resume a run per case, of each game in turn."""
    wholes: dict[str, Whole] = {}
    return run_cases("kills", seed, cases, folder, partial(_check, wholes, folder / "whole"))


def _check(wholes: dict[str, Whole], base: Path, random: Random, case: int, folder: Path) -> str | None:
    game = list(GAMES)[case % len(GAMES)]
    if game not in wholes:
        wholes[game] = _train_whole(base / game, game)
    whole, path = wholes[game], folder / "run"
    kills = 2 if random.random() < SECOND else 1
    for _ in range(kills):
        before, delay = _draw(whole, random, path, folder / "events.log")
        train(path, *next_command(path, game), before=before, killed_after=delay)
        if is_finished(path):
            break
    if (failure := finish(path, game)) is not None:
        return f"{game}: {failure} {_where(folder)}"
    wrong = list(differences(whole.folder, path))
    return f"{game}: {'; '.join(wrong[:4])} {_where(folder)}" if wrong else None


def _train_whole(folder: Path, game: str) -> Whole:
    """Train without a fault; the second of two runs is timed, since the first one fills caches."""
    train_undisturbed(folder.with_name(f"{game}-first"), game)
    start, log = perf_counter(), folder.with_suffix(".log")
    train_undisturbed(folder, game, before=Death(folder, log))
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return Whole(folder, len(read_log(log)), perf_counter() - start, max(sizes))


def _draw(whole: Whole, random: Random, folder: Path, log: Path) -> tuple[Callable[[], None] | None, float | None]:
    """Draw when to kill: before or after a file event, in the middle of a write, or at a moment."""
    how = random.choices(("event", "write", "moment"), (6, 1, 3))[0]
    if how == "moment":
        return Death(folder, log), random.uniform(0, whole.seconds)
    if how == "write":
        return partial(limit_file_size, random.randrange(1, whole.largest), signal.SIG_DFL), None
    return Death(folder, log, random.randint(1, whole.events), random.random() < 0.5), None


def limit_file_size(size: int, handler: signal.Handlers) -> None:
    """Limit the size of files that this process writes; the signal of larger ones kills it, or is ignored."""
    signal.signal(signal.SIGXFSZ, handler)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def _where(folder: Path) -> str:
    """Return the last file event, and the folder."""
    return f"(last event: {(read_log(folder / 'events.log') or ['none'])[-1]}; {folder})"
