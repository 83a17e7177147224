"""Whole checkpoints of a run's folder: the one to go on from, and those that a resumed run leaves behind."""

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from gan.checkpoint.contents import read_contents
from gan.errors import UserError
from gan.runs.folder import RunFolder, relative_to_cwd
from gan.runs.writing import hard_link

__all__ = ["WholeCheckpoint", "checkpoint_to_resume", "newest_whole", "set_aside"]

log = logging.getLogger(__name__)


class WholeCheckpoint(NamedTuple):
    """Checkpoint that is as it was written, and its generator update."""

    path: Path
    step: int


def newest_whole(run: RunFolder) -> WholeCheckpoint | None:
    """Return ``last.ckpt`` if it is whole, else the whole checkpoint of the latest generator update, None without."""
    others = sorted(path for path in run.checkpoints.glob("*.ckpt") if path != run.last)
    return _newest([run.last]) or _newest(others)


def checkpoint_to_resume(run: RunFolder) -> Path:
    """Return the newest whole checkpoint of a run, and log if that is not its last one.

    Returns:
        The checkpoint; ``last.ckpt`` if none is whole, to be named in an error.
    """
    found = newest_whole(run)
    if found is None or found.path == run.last:
        return run.last
    log.warning(
        "%s is %s: resuming from %s, of generator update %d",
        relative_to_cwd(run.last),
        "damaged" if run.last.is_file() else "missing",
        relative_to_cwd(found.path),
        found.step,
    )
    return found.path


def set_aside(run: RunFolder, resumed: Path, step: int) -> None:
    """Rename the checkpoints that a run leaves behind when it resumes from another one of its folder.

    Checkpoints of later updates are of a branch that is abandoned: the best of them must not stay the run's best, nor
    the last of them its last. They are kept, as is a damaged ``last.ckpt``, beside the others. The resumed checkpoint
    is ``last.ckpt`` until the next one.

    Args:
        run: The run's folder.
        resumed: Checkpoint that the run resumes from.
        step: Its generator update.
    """
    if resumed.resolve().parent != run.checkpoints.resolve():
        return
    for path in (run.last, run.previous, run.best):
        if not path.is_file() or path.samefile(resumed):
            continue
        found = _newest([path])
        if found is None and path == run.last:
            _rename(path, "damaged")
        elif found is not None and found.step > step:
            _rename(path, "abandoned")
            log.info(
                "%s is of generator update %d, and this run resumes from %d: it is now %s.abandoned",
                *(relative_to_cwd(path), found.step, step, path.name),
            )
    if not run.last.exists():
        hard_link(resumed, run.last)


def _newest(paths: Iterable[Path]) -> WholeCheckpoint | None:
    """Return the whole checkpoint of the latest generator update among some files, None without."""
    found = []
    for path in paths:
        try:
            found.append(WholeCheckpoint(path, read_contents(path)["global_step"]))
        except UserError:  # not whole
            continue
    return max(found, key=lambda whole: whole.step, default=None)


def _rename(path: Path, reason: str) -> None:
    path.replace(path.with_name(f"{path.name}.{reason}"))
