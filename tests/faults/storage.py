"""Storage that fails during a run: a full disk, a read-only or deleted folder, a limit of the size of files.

The run ends in one line that names its folder, or goes on if only a picture or a page is lost. When the storage has
been mended, the run is finished in the bits of an undisturbed one.
"""

import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from gan.runs.folder import RunFolder
from tests.conftest import Run
from tests.faults.file_events import Death, read_log, watch
from tests.faults.games import LEFT_OVER, checkpoint_differences, differences, finish, new_run, train, train_undisturbed
from tests.faults.kills import limit_file_size
from tests.faults.mounts import remount, small_disk
from tests.faults.outcome import Outcome, run_cases

__all__ = ["run"]

FAULTS = ("full disk", "read-only folder", "deleted folder", "limit of file sizes")
PARTS = 3  # of a run, in each of which every fault occurs
LIMIT = 10_000  # bytes of a file: less than a checkpoint or a page, more than what a run prints
GAME = "dcgan"


def run(seed: int, cases: Sequence[int], folder: Path) -> Outcome:
    """Let the storage of a run fail per case, with each fault in turn."""
    whole = folder / "whole"

    @cache
    def events() -> int:
        log = whole.with_suffix(".log")
        train_undisturbed(whole, GAME, before=Death(whole, log))
        return len(read_log(log))

    return run_cases("storage", seed, cases, folder, lambda *case: _check(whole, events(), *case))


@dataclass(frozen=True)
class StorageFault:
    """Fault of a run's storage at a file event.

    Attributes:
        kind: One of FAULTS.
        folder: Folder of the run.
        number: Number of the event before which it occurs.
        log: File for the events.
    """

    kind: str
    folder: Path
    number: int
    log: Path

    def __call__(self) -> None:
        watch(self.folder, self.log, self._act)

    def _act(self, number: int, after: bool) -> None:
        if (number, after) != (self.number, False):
            return
        if self.kind == "full disk":
            with suppress(OSError), (self.folder.parent / "filler").open("wb", buffering=0) as filler:
                while True:
                    filler.write(bytes(4096))
        elif self.kind == "read-only folder":
            if not remount(self.folder.parent, "ro"):
                _set_modes(self.folder, 0o555)
        elif self.kind == "deleted folder":
            shutil.rmtree(self.folder)
        else:
            limit_file_size(LIMIT, signal.SIG_IGN)

    def mend(self) -> None:
        """Make the storage usable again."""
        if self.kind == "read-only folder" and not remount(self.folder.parent, "rw"):
            _set_modes(self.folder, 0o755)
        (self.folder.parent / "filler").unlink(missing_ok=True)


def _set_modes(folder: Path, mode: int) -> None:
    for path in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
        path.chmod(mode)


def _check(whole: Path, events: int, random: Random, case: int, folder: Path) -> str | None:
    kind, part = FAULTS[case % len(FAULTS)], case // len(FAULTS) % PARTS
    number = random.randint(1 + events * part // PARTS, events * (part + 1) // PARTS)
    with small_disk(folder / "disk") as mounted:
        if kind == "full disk" and not mounted:
            kind = "limit of file sizes"
        run = RunFolder(folder / "disk" / "run")
        fault = StorageFault(kind, run.path, number, folder / "events.log")
        done = train(run.path, *new_run(run.path, GAME), before=fault)
        wrong = list(_wrongs(done, run, kind))
        fault.mend()
        wrong = wrong or list(_unlike_whole(run, kind, whole))
        if wrong:  # the disk goes, and its files with it
            shutil.copytree(run.path, folder / "run")
    at = (read_log(fault.log) or ["none"])[number - 1 : number]
    return f"{kind} at event {number} ({''.join(at)}): {'; '.join(wrong[:4])}" if wrong else None


def _unlike_whole(run: RunFolder, kind: str, whole: Path) -> Iterator[str]:
    """Finish a run on mended storage, and yield what is unlike the undisturbed one."""
    if (failure := finish(run.path, GAME)) is not None:
        yield failure
    elif kind == "deleted folder":  # what was deleted cannot come back
        yield from checkpoint_differences(RunFolder(whole).last, run.last)
    else:
        yield from differences(whole, run.path)


def _wrongs(done: Run, run: RunFolder, kind: str) -> Iterator[str]:
    """Yield what a run should not have done when its storage failed."""
    if "Traceback" in done.err or done.status not in (0, 2):
        yield f"status {done.status}: {done.err[-400:]}"
    elif done.status == 2:
        lines = [line for line in done.err.splitlines() if line.startswith("error: ")]
        if len(lines) != 1 or run.path.name not in lines[0]:
            yield f"not one line that names the folder: {done.err[-400:]}"
        if run.last.is_file() and "ckpt" not in done.err:
            yield f"the last whole checkpoint is not named: {done.err[-400:]}"
    if run.error.is_file() and not run.error.read_text().endswith("\n"):
        yield f"error.txt is not whole: {run.error.read_bytes()!r}"
    if kind != "read-only folder":  # in which nothing can be deleted
        partial = [path.name for pattern in LEFT_OVER if "partial" in pattern for path in run.path.glob(pattern)]
        if partial:
            yield f"{', '.join(partial)} left over"
