"""Launcher: starts this machine's ranks, one process each, and supervises them until all have ended.

``torch.multiprocessing.start_processes`` sends SIGTERM to all other ranks as soon as one fails; here they get time to
agree on the error to report, and to save.
"""

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
from gan.host import available_signals, cores, signal_handlers
from gan.runs.folder import START_FOLDER, start_folder

__all__ = ["FORWARDED", "launch"]

FORWARDED = available_signals("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")
HAS_GROUPS = hasattr(os, "setpgrp")  # without process groups, as on Windows, Ctrl-C reaches all processes of a terminal
CONTEXT = get_context("spawn")  # forked processes would share this one's threads and CUDA state
GRACE_SECONDS = 20.0  # for the other ranks to end by themselves after one has failed


def launch(function: Callable[[Any], Any], argument: Any, ranks: int, info: RankInfo, logs: Mapping[str, Any]) -> None:
    """Call a function in new processes, one per rank, and wait until all have returned.

    The ranks are passed in environment variables. Signals to this process are forwarded to all of the new ones. If it
    is killed, they receive SIGTERM.

    Args:
        function: A function that can be pickled.
        argument: Its argument, which can be pickled.
        ranks: Number of processes on this machine.
        info: Rank of this process among the launchers, one per machine.
        logs: Configuration of ``logging`` for rank 0.

    Raises:
        UserError: If a rank fails or dies; the others are then ended.
        SystemExit: If the ranks exited after a signal.
    """
    address = os.environ.get("MASTER_ADDR", "127.0.0.1") if info.world > 1 else "127.0.0.1"
    shared = {
        "WORLD_SIZE": info.world * ranks,
        "LOCAL_WORLD_SIZE": ranks,
        "GROUP_RANK": info.rank,
        "MASTER_ADDR": address,
        "MASTER_PORT": os.environ.get("MASTER_PORT") or _free_port(),
        START_FOLDER: start_folder(),
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS") or max(1, cores() // ranks),
    }
    processes: list[BaseProcess] = []
    receivers: list[Connection] = []
    with _forward_signals(processes) as received:
        for local in range(ranks):
            receiver, sender = Pipe(duplex=False)
            variables = shared | {"RANK": info.rank * ranks + local, "LOCAL_RANK": local}
            with child_environment(variables):
                arguments = (function, argument, sender, logs, dict(os.environ))
                process = CONTEXT.Process(target=_run, args=arguments)
                process.start()
            sender.close()
            processes.append(process)
            receivers.append(receiver)
        failed = _watch(processes)
    if failed is None:
        return
    messages = [_final_message(receiver) for receiver in receivers]
    codes = [process.exitcode or 0 for process in processes]
    if received and not any(messages):
        raise SystemExit(max(code if code >= 0 else 128 - code for code in codes))
    if codes[failed] < 0:
        name = signal.Signals(-codes[failed]).name
        raise UserError(
            f"rank {info.rank * ranks + failed} was ended by {name}; the last checkpoint is kept to resume from"
        )
    reason = next(filter(None, messages), f"rank {info.rank * ranks + failed} ended with status {codes[failed]}")
    raise UserError(reason)


def _run(
    function: Callable[[Any], Any],
    argument: Any,
    sender: Connection,
    logs: Mapping[str, Any],
    environment: Mapping[str, str],
) -> None:
    """Entry point of a rank's process."""
    os.environ.update(environment)  # a spawned process has it already, and needs it to import torch
    if HAS_GROUPS:
        os.setpgrp()  # a terminal's Ctrl-C reaches the parent only, which forwards it
    Thread(target=_terminate_with_parent, daemon=True).start()
    if os.environ["RANK"] == "0" and logs:
        logging.config.dictConfig(dict(logs))
    try:
        function(argument)
    except UserError as error:
        sender.send(one_line(error))
        raise SystemExit(2) from error
    except Exception as error:  # of any kind: the parent reports it in one line; the traceback is printed here
        sender.send(one_line(error))
        raise


def _terminate_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)


def _watch(processes: list[BaseProcess]) -> int | None:
    """Wait until all processes have ended, with a time limit after a failure; return the index of the first failure."""
    failed, deadline = None, float("inf")
    while alive := [process for process in processes if process.is_alive()]:
        wait([process.sentinel for process in alive], timeout=1)
        if failed is None:
            failed = next((index for index, process in enumerate(processes) if process.exitcode), None)
            deadline = float("inf") if failed is None else monotonic() + GRACE_SECONDS
        if monotonic() > deadline:
            for process in alive:
                process.kill()
    return failed


def _final_message(receiver: Connection) -> str | None:
    """Return the error message that a rank sent before it ended, if any."""
    with suppress(EOFError, OSError):
        message: str = receiver.recv()
        return message
    return None


@contextmanager
def _forward_signals(processes: list[BaseProcess]) -> Iterator[list[int]]:
    """Forward signals to processes; yield the list of signals received."""
    received: list[int] = []

    def forward(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        for process in processes if HAS_GROUPS or number != signal.SIGINT else ():
            if process.pid is not None and process.is_alive():
                with suppress(ProcessLookupError):
                    os.kill(process.pid, number)

    with signal_handlers(FORWARDED, forward):
        yield received


@contextmanager
def child_environment(variables: Mapping[str, object]) -> Iterator[None]:
    """Set environment variables for child processes, which ignore Ctrl-C until they install a handler."""
    before = dict(os.environ)
    os.environ.update({name: str(value) for name, value in variables.items()})
    for name in [name for name in os.environ if name.startswith("TORCHELASTIC")]:
        del os.environ[name]
    try:
        with signal_handlers([signal.SIGINT], signal.SIG_IGN):
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
