"""Lock of a run's folder: processes, machines, kills, and file systems without locks."""

import json
import os
import signal
import socket
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
from filelock import FileLock

from gan.errors import UserError
from gan.runs import lock
from gan.runs.folder import RunFolder
from gan.runs.lock import lock_run
from tests.conftest import run_here


def hold(folder: Path, held: Event) -> None:
    with lock_run(folder):
        held.set()
        signal.pause()


def record(folder: Path, host: str, age: float) -> Path:
    """Write the record of a process on a machine, renewed some seconds ago."""
    path = RunFolder(folder).owner
    path.write_text(json.dumps({"host": host, "pid": 7, "started": "2026-01-31 12:00:00"}))
    os.utime(path, (path.stat().st_mtime - age,) * 2)
    return path


def test_a_folder_is_held_by_one_process_until_it_ends_or_is_killed(tmp_path: Path) -> None:
    context = get_context("fork")
    held, folder = context.Event(), tmp_path / "run"
    process = context.Process(target=hold, args=(folder, held))
    process.start()
    assert held.wait(10)
    owner = rf"is in use by process {process.pid} on {socket.gethostname()} since 20\d\d-"
    with pytest.raises(UserError, match=owner), lock_run(folder):
        pass
    assert RunFolder(folder).owner.is_file(), "a refusal leaves the owner's record"
    process.kill()
    process.join()
    assert RunFolder(folder).owner.is_file()
    with lock_run(folder):
        assert json.loads(RunFolder(folder).owner.read_text())["pid"] == os.getpid()
    assert list(folder.iterdir()) == []


def test_children_do_not_keep_the_lock(tmp_path: Path) -> None:
    """A data loader's workers may outlive a killed run by seconds."""
    with lock_run(tmp_path):
        child = os.fork()
        if child == 0:
            signal.pause()
    try:
        with lock_run(tmp_path):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@pytest.mark.parametrize("locks", [True, False])
def test_a_record_of_another_machine_is_respected_while_it_is_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locks: bool
) -> None:
    """This machine does not see the lock of the other one, or the file system has no locks."""
    if not locks:
        monkeypatch.setattr(FileLock, "acquire", lambda _: (_ for _ in ()).throw(OSError(lock.errno.ENOSYS, "none")))
    host = "elsewhere" if locks else socket.gethostname()
    path = record(tmp_path, host, age=lock.EXPIRY_SECONDS + 1)
    with lock_run(tmp_path):
        assert json.loads(path.read_text())["host"] == socket.gethostname(), "a job was requeued on another machine"

    path = record(tmp_path, host, age=5)
    monkeypatch.setattr(lock, "sleep", lambda _: os.utime(path))
    refusal = f"process 7 on {host} since 2026-01-31 12:00:00.*delete running.json"
    with pytest.raises(UserError, match=refusal), lock_run(tmp_path):
        pass
    assert json.loads(path.read_text())["host"] == host

    monkeypatch.setattr(lock, "sleep", lambda _: record(tmp_path, host, age=lock.EXPIRY_SECONDS + 1))
    with pytest.raises(UserError), lock_run(tmp_path):
        pass
    monkeypatch.setattr(lock, "sleep", lambda _: path.unlink())
    path = record(tmp_path, host, age=5)
    with lock_run(tmp_path):
        assert json.loads(path.read_text())["host"] == socket.gethostname(), "the other process has ended"


def test_the_record_is_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "RENEWAL_SECONDS", 0.01)
    with lock_run(tmp_path):
        os.utime(RunFolder(tmp_path).owner, (0, 0))
        for _ in range(200):
            if RunFolder(tmp_path).owner.stat().st_mtime > 0:
                break
            lock.sleep(0.01)
        assert RunFolder(tmp_path).owner.stat().st_mtime > 0


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refusal = r"file.run cannot be written to \(Not a directory\)"
    with pytest.raises(UserError, match=refusal), lock_run(tmp_path / "file" / "run"):
        pass


@pytest.mark.parametrize("resumed", [True, False])
def test_a_command_leaves_a_folder_in_use_as_it_is(tmp_path: Path, resumed: bool) -> None:
    run = RunFolder(tmp_path / "run")
    with lock_run(run.path):
        run.config.write_text("model: {}\n")
        before = {path.name: path.read_bytes() for path in run.path.iterdir()}
        end = run_here("train.py", f"ckpt={run.path}" if resumed else f"hydra.run.dir={run.path}", "logger=none")
        assert {path.name: path.read_bytes() for path in run.path.iterdir()} == before
    assert end.status == 2
    assert f"error: {run.path} is in use by process {os.getpid()} on {socket.gethostname()}" in end.err.splitlines()[-1]
