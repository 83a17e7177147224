"""Commands in new processes, forked from a server that has imported the package: separate, but quick to start.

They skip functions registered with ``atexit``, and must not use W&B or data loader workers, whose state is not forked.
"""

import multiprocessing
import os
import runpy
import signal
import sys
import tempfile
from collections.abc import Callable
from multiprocessing.context import ForkServerContext
from pathlib import Path
from subprocess import Popen
from time import monotonic, sleep

__all__ = ["Forked", "forkserver", "wait_for"]

PRELOADED = ["gan.training", "gan.features.classifier", "tests.distributed.games"]


def forkserver() -> ForkServerContext:
    """Return a context whose processes are forked from one that has imported the package."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


class Forked:
    """A command in a forked process, with the interface of ``subprocess.Popen`` that the tests use.

    Args:
        arguments: ``train.py ...`` or ``-m gan.<verb> ...``.
        folder: Working directory.
        environment: Environment variables.
        before: Function to call in the process before the command; it must be picklable.
    """

    def __init__(
        self,
        arguments: tuple[str, ...],
        folder: Path,
        environment: dict[str, str],
        before: Callable[[], None] | None = None,
    ) -> None:
        self.outputs = [Path(tempfile.mkstemp(prefix="gan-test-")[1]) for _ in range(2)]
        self.process = forkserver().Process(target=_run, args=(arguments, folder, environment, self.outputs, before))
        self.process.start()
        assert self.process.pid is not None
        self.pid = self.process.pid

    @property
    def returncode(self) -> int | None:
        return self.process.exitcode

    def poll(self) -> int | None:
        return self.process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def terminate(self) -> None:
        self.process.terminate()

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Wait for the process, and return its standard output and error."""
        self.process.join(timeout)
        out, err = (path.read_text() for path in self.outputs)
        for path in self.outputs:
            path.unlink()
        return out, err


def _run(
    arguments: tuple[str, ...],
    folder: Path,
    environment: dict[str, str],
    outputs: list[Path],
    before: Callable[[], None] | None,
) -> None:
    """Run a command as the Python interpreter does."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for descriptor, path in enumerate(outputs, start=1):
        os.dup2(os.open(path, os.O_WRONLY), descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if before is not None:
        before()
    if arguments[0] == "-m":
        sys.argv = list(arguments[1:])
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = list(arguments)
        runpy.run_path(arguments[0], run_name="__main__")


def wait_for(path: Path, process: "Popen[str] | Forked") -> None:
    """Wait until a process has written a file."""
    deadline = monotonic() + 120
    while not path.exists():
        assert process.poll() is None, process.communicate()
        assert monotonic() < deadline, f"no {path.name} in two minutes"
        sleep(0.05)
