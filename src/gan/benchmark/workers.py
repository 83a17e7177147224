"""Training loops in separate processes that run alternately: one trains while the others wait."""

import logging
import math
import multiprocessing
import signal
import sys
import warnings
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from time import monotonic, perf_counter
from typing import Any

import torch

from gan.errors import UserError, one_line
from gan.host import peak_memory

__all__ = ["Loop", "UpdateGate", "Workers"]

EXIT_SECONDS = 30.0  # after which a worker is killed
Loop = Callable[["UpdateGate"], None]


class UpdateGate:
    """Gate that a worker calls before each update; it blocks until the parent requests more updates.

    Args:
        connection: Connection to the parent process.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.remaining, self.start = 0, 0.0

    def __call__(self) -> None:
        """Return if updates remain; otherwise report the time of the last ones and wait for the next request."""
        if self.remaining == 0:
            if self.device.type == "cuda":
                torch.cuda.synchronize()
            if self.start:
                self.connection.send((perf_counter() - self.start, peak_memory(self.device) / 1e6))
            self.remaining = self.connection.recv()
            if self.remaining == 0:  # the parent ends the worker
                sys.exit()
            self.start = perf_counter()
        self.remaining -= 1


class Workers(AbstractContextManager["Workers"]):
    """Worker processes, one per training loop.

    Args:
        loops: By name, endless training loops that call the gate before each update.
        context: Way to start processes; None for ``spawn``.
        deadline: Time, by ``time.monotonic``, at which all workers are given up.

    Attributes:
        peak_memory: Peak memory of each worker in MB, as of its last report.
    """

    def __init__(
        self, loops: Mapping[str, Loop], context: BaseContext | None = None, deadline: float = math.inf
    ) -> None:
        spawn: Any = context or multiprocessing.get_context("spawn")
        self.deadline = deadline
        self.connections: dict[str, Connection] = {}
        self.processes = []
        self.peak_memory: dict[str, float] = {}
        for name, loop in loops.items():
            parent_end, worker_end = spawn.Pipe()
            process = spawn.Process(target=_run, args=(loop, worker_end))
            process.start()
            worker_end.close()
            self.connections[name] = parent_end
            self.processes.append(process)

    def request(self, name: str, num: int) -> None:
        """Let a worker run updates; ``wait`` returns when it has. Several workers can run at once, as in a warm-up."""
        with suppress(OSError):  # the worker has failed, and wait says so
            self.connections[name].send(num)

    def time_updates(self, name: str, num: int) -> float:
        """Run updates in one worker, and return the seconds per update; see ``wait``."""
        self.request(name, num)
        return self.wait(name) / num

    def wait(self, name: str) -> float:
        """Wait for the updates that were requested.

        Returns:
            Seconds of all of them.

        Raises:
            UserError: If the worker has failed.
            TimeoutError: If the deadline is over.
        """
        connection = self.connections[name]
        try:
            answered = math.isinf(self.deadline) or connection.poll(max(0.0, self.deadline - monotonic()))
            reply: Any = connection.recv() if answered else None
        except (EOFError, OSError) as error:
            raise UserError(f"the implementation '{name}' failed; its error is printed above") from error
        if not answered:
            raise TimeoutError(f"the implementation '{name}' was not ready in time")
        if isinstance(reply, str):
            raise UserError(f"the implementation '{name}' failed; its error is printed above: {reply}")
        seconds, self.peak_memory[name] = reply
        return seconds

    def __exit__(self, *_: object) -> None:
        """End all workers."""
        for connection in self.connections.values():
            with suppress(OSError):  # the worker has failed
                connection.send(0)
        for process in self.processes:
            process.join(EXIT_SECONDS if monotonic() < self.deadline else 0)
            process.kill()
            process.join()


def _run(loop: Loop, connection: Connection) -> None:
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the workers
    try:
        loop(UpdateGate(connection))
    except Exception as error:  # of any kind: the parent reports it in one line; the traceback is printed here
        with suppress(OSError):  # the parent has gone
            connection.send(one_line(error))
        raise
