"""Starts the ranks that belong on this machine, one process each, and watches over them until all have ended."""

import logging.config
import os
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing import Pipe, get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from threading import Thread
from time import monotonic
from types import FrameType
from typing import Any

from gan.distributed.environment import RankInfo
from gan.errors import UserError, one_line
from gan.host import cores

__all__ = ["FORWARDED", "launch"]

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
GRACE = 20.0  # seconds for the other ranks to end by themselves, once one has failed


def launch(function: Callable[[Any], Any], argument: Any, ranks: int, here: RankInfo, logs: Mapping[str, Any]) -> None:
    """Call a function in as many processes, which the environment tells their ranks, and wait until all have returned.

    Signals that this process gets go on to all of them. Should it be killed, they end as at a SIGTERM.

    Args:
        function: Can be pickled.
        argument: What it is called with; can be pickled.
        ranks: Number of processes on this machine.
        here: This process among those, one a machine, that start theirs too.
        logs: A configuration of ``logging`` for the first rank.

    Raises:
        UserError: If a rank fails or dies; the others are then ended.
        SystemExit: If the ranks ended so, as they do when they are told to stop.
    """
    address = os.environ.get("MASTER_ADDR", "127.0.0.1") if here.world > 1 else "127.0.0.1"
    shared = {
        "WORLD_SIZE": here.world * ranks,
        "LOCAL_WORLD_SIZE": ranks,
        "GROUP_RANK": here.rank,
        "MASTER_ADDR": address,
        "MASTER_PORT": os.environ.get("MASTER_PORT") or _free_port(),
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS") or max(1, cores() // ranks),
    }
    processes: list[BaseProcess] = []
    ends: list[Connection] = []
    with _forwarding(processes) as received:
        for local in range(ranks):
            end, theirs = Pipe(duplex=False)
            process = get_context("spawn").Process(target=_run, args=(function, argument, theirs, logs))
            with child_environment(shared | {"RANK": here.rank * ranks + local, "LOCAL_RANK": local}):
                process.start()
            theirs.close()
            processes.append(process)
            ends.append(end)
        failed = _watch(processes)
    if failed is None:
        return
    told = [_last(end) for end in ends]
    codes = [process.exitcode or 0 for process in processes]
    if received and not any(told):
        raise SystemExit(max(code if code >= 0 else 128 - code for code in codes))
    if codes[failed] < 0:
        name = signal.Signals(-codes[failed]).name
        raise UserError(
            f"rank {here.rank * ranks + failed} was ended by {name}; the last checkpoint is kept, to go on from"
        )
    reason = next(filter(None, told), f"rank {here.rank * ranks + failed} ended with status {codes[failed]}")
    raise UserError(reason)


def _run(function: Callable[[Any], Any], argument: Any, parent: Connection, logs: Mapping[str, Any]) -> None:
    """Be a rank: what a new process begins with."""
    os.setpgrp()  # a terminal's Ctrl-C is for the parent, which passes it on
    Thread(target=_end_with_parent, daemon=True).start()
    if os.environ["RANK"] == "0" and logs:
        logging.config.dictConfig(dict(logs))
    try:
        function(argument)
    except UserError as error:
        parent.send(one_line(error))
        raise SystemExit(2) from error
    except Exception as error:  # of any kind: the parent says in one line what the traceback here is of
        parent.send(one_line(error))
        raise


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)


def _watch(processes: list[BaseProcess]) -> int | None:
    """Wait for all to end; once one has failed, not for long. Return the first that failed."""
    failed, deadline = None, float("inf")
    while alive := [process for process in processes if process.is_alive()]:
        wait([process.sentinel for process in alive], timeout=1)
        if failed is None:
            failed = next((place for place, process in enumerate(processes) if process.exitcode), None)
            deadline = float("inf") if failed is None else monotonic() + GRACE
        if monotonic() > deadline:
            for process in alive:
                process.kill()
    return failed


def _last(end: Connection) -> str | None:
    """Return what a rank had to say at its end."""
    with suppress(EOFError, OSError):
        message: str = end.recv()
        return message
    return None


@contextmanager
def _forwarding(processes: list[BaseProcess]) -> Iterator[list[int]]:
    """Pass signals on to processes; return those that came."""
    received: list[int] = []

    def forward(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        for process in processes:
            if process.pid is not None and process.is_alive():
                with suppress(ProcessLookupError):
                    os.kill(process.pid, number)

    before = {number: signal.signal(number, forward) for number in FORWARDED}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def child_environment(variables: Mapping[str, object]) -> Iterator[None]:
    """Set variables for a process that is started meanwhile, which is deaf to Ctrl-C until it knows what to do."""
    before, handler = dict(os.environ), signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update({name: str(value) for name, value in variables.items()})
    for name in [name for name in os.environ if name.startswith("TORCHELASTIC")]:
        del os.environ[name]
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        os.environ.clear()
        os.environ.update(before)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
