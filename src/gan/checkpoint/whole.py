"""Whole checkpoints of a run's folder: the one to go on from, and those that a resumed run leaves behind."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from gan.checkpoint.contents import read_contents
from gan.errors import UserError, one_line
from gan.overrides import option
from gan.runs.folder import RunFolder, relative_to_cwd
from gan.runs.writing import WriteError, hard_link, is_storage_fault, writing

__all__ = ["WholeCheckpoint", "discard_set_aside", "naming_what_is_kept", "newest_whole", "set_aside"]

log = logging.getLogger(__name__)

REASONS = ("abandoned", "damaged")  # suffixes of checkpoints that are set aside


class WholeCheckpoint(NamedTuple):
    """Checkpoint that is as it was written, and its generator update."""

    path: Path
    step: int


def newest_whole(run: RunFolder) -> WholeCheckpoint | None:
    """Return ``last.ckpt`` if it is whole, else the whole checkpoint of the latest generator update, None without."""
    others = sorted(path for path in run.checkpoints.glob("*.ckpt") if path != run.last)
    return _newest([run.last]) or _newest(others)


def set_aside(run: RunFolder, resumed: Path, step: int) -> None:
    """Rename the checkpoints that a run leaves behind when it resumes from another one of its folder.

    Checkpoints of later updates are of a branch that is abandoned: the best of them must not stay the run's best, nor
    the last of them its last. They, and a damaged ``last.ckpt``, are kept under another name until the run writes one
    in their place. The resumed checkpoint is ``last.ckpt`` until the next one.

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
            path.replace(_aside(path, "damaged"))
        elif found is not None and found.step > step:
            aside = path.replace(_aside(path, "abandoned"))
            log.info(
                "%s is of generator update %d, and this run resumes from %d: it is %s until it is replaced",
                *(relative_to_cwd(path), found.step, step, aside.name),
            )
    if not run.last.exists():
        hard_link(resumed, run.last)


def discard_set_aside(path: Path) -> None:
    """Delete what ``set_aside`` has kept of a checkpoint, which has been written anew."""
    with writing(path):
        for reason in REASONS:
            _aside(path, reason).unlink(missing_ok=True)


@contextmanager
def naming_what_is_kept(run: RunFolder) -> Iterator[None]:
    """Add to an error of storage, such as a full disk, which checkpoint is kept.

    Raises:
        UserError: With that addition.
    """
    try:
        yield
    except (OSError, WriteError) as error:
        if not (isinstance(error, WriteError) or is_storage_fault(error)):
            raise
        kept = newest_whole(run)
        if kept is None:
            raise UserError(f"{one_line(error)}; no checkpoint is kept") from error
        found = f"{relative_to_cwd(kept.path)} of generator update {kept.step}"
        resume = option("ckpt", relative_to_cwd(run.path))
        raise UserError(f"{one_line(error)}; {found} is kept: once that is mended, resume with {resume}") from error


def _newest(paths: Iterable[Path]) -> WholeCheckpoint | None:
    """Return the whole checkpoint of the latest generator update among some files, None without."""
    found = []
    for path in paths:
        try:
            found.append(WholeCheckpoint(path, read_contents(path)["global_step"]))
        except UserError:  # not whole
            continue
    return max(found, key=lambda whole: whole.step, default=None)


def _aside(path: Path, reason: str) -> Path:
    return path.with_name(f"{path.name}.{reason}")
