"""Lock of a run's folder: one process at a time writes in it, on whatever machine.

The system's lock on a file ends with its process, however that ends. Some network file systems do not show a lock to
other machines. For these the process that holds the folder also renews the date of a record of itself, and a record
that is renewed is respected.
"""

import errno
import json
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from time import sleep

from filelock import FileLock, Timeout

from gan.errors import UserError
from gan.formats import printable
from gan.runs.folder import RunFolder
from gan.runs.reading import read_text
from gan.runs.writing import write_text

__all__ = ["lock_run"]

log = logging.getLogger(__name__)

RENEWAL_SECONDS = 10.0  # between two renewals of a record
EXPIRY_SECONDS = 60.0  # after which the process of a record has ended; file systems delay dates by seconds
NO_LOCKS = {getattr(errno, name) for name in ("ENOLCK", "ENOSYS", "ENOTSUP", "EOPNOTSUPP") if hasattr(errno, name)}


@contextmanager
def lock_run(folder: Path) -> Iterator[None]:
    """Hold a run's folder, which is created, for this process.

    Raises:
        UserError: If another process holds it, with its machine and process ID, or the system refuses.
    """
    run = RunFolder(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(run.lock, blocking=False, fallback_to_soft=False)
        locked = _acquire(lock)
    except Timeout as error:
        raise UserError(_in_use(run)) from error
    except OSError as error:
        raise UserError(f"{folder} cannot be written to ({error.strerror or error})") from error
    try:
        if not (locked and _owner(run).get("host") == socket.gethostname()) and _is_renewed(run):
            raise UserError(_in_use(run))
        with _record(run):
            yield
    finally:
        if locked:
            with suppress(PermissionError):  # Windows keeps a file that is open
                run.lock.unlink(missing_ok=True)
            lock.release()


def _acquire(lock: FileLock) -> bool:
    """Acquire a lock; return false if the file system has none."""
    try:
        lock.acquire()
    except NotImplementedError:
        return False
    except OSError as error:
        if isinstance(error, Timeout) or error.errno not in NO_LOCKS:
            raise
        return False
    return True


def _owner(run: RunFolder) -> dict[str, str]:
    """Read the record of the process that holds a folder, or held it when it was killed; empty if there is none."""
    try:
        record = json.loads(read_text(run.owner))
        return {str(name): printable(str(value)) for name, value in record.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _in_use(run: RunFolder) -> str:
    owner = _owner(run)
    name = "process {pid} on {host} since {started}".format_map(owner) if owner else "another process"
    return (
        f"{run.path} is in use by {name}: wait for its end or end it, or set another hydra.run.dir for a new run; "
        f"if there is no such process any more, delete {run.owner.name} and {run.lock.name} in the folder"
    )


def _is_renewed(run: RunFolder) -> bool:
    """Return whether the record of a process that this machine cannot see is renewed, by the file system's clock."""
    with suppress(FileNotFoundError):  # its process has ended in the meantime
        renewed = run.owner.stat().st_mtime
        if _now(run) - renewed < EXPIRY_SECONDS:
            log.info("%s may be in use: waiting up to %.0f s for a sign of life", run.path, EXPIRY_SECONDS)
        while _now(run) - renewed < EXPIRY_SECONDS:
            sleep(1)
            if run.owner.stat().st_mtime != renewed:
                return True
    return False


def _now(run: RunFolder) -> float:
    run.lock.touch()
    return run.lock.stat().st_mtime


@contextmanager
def _record(run: RunFolder) -> Iterator[None]:
    """Record this process as the owner of a folder, and renew the record in a thread."""
    owner = {"host": socket.gethostname(), "pid": os.getpid(), "started": datetime.now().isoformat(" ", "seconds")}
    write_text(run.owner, json.dumps(owner) + "\n")
    ended = Event()
    thread = Thread(target=_renew, args=(run.owner, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        run.owner.unlink(missing_ok=True)


def _renew(owner: Path, ended: Event) -> None:
    while not ended.wait(RENEWAL_SECONDS):
        with suppress(OSError):  # the folder may be gone or full, which training itself reports
            os.utime(owner)
