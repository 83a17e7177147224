"""Sides that are processes of their own and take turns: one works while the others wait."""

import logging
import multiprocessing
import signal
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from multiprocessing.connection import Connection
from time import perf_counter
from typing import Any

import torch

from gan.errors import UserError
from gan.host import peak_memory

__all__ = ["Gate", "Turns"]

GRACE = 30.0  # seconds for a side to end
Side = Callable[["Gate"], None]


class Gate:
    """What a side's process passes before each of its updates; it is held there when its turn is over.

    Args:
        connection: To the process that gives turns.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.left, self.start = 0, 0.0

    def __call__(self) -> None:
        """Go on, or report the turn's seconds, and wait for the next turn."""
        if self.left == 0:
            if self.device.type == "cuda":
                torch.cuda.synchronize()
            if self.start:
                self.connection.send((perf_counter() - self.start, peak_memory(self.device) / 1e6))
            self.left = self.connection.recv()
            if self.left == 0:  # no more turns
                sys.exit()
            self.start = perf_counter()
        self.left -= 1


class Turns(AbstractContextManager["Turns"]):
    """Starts sides, and gives them turns.

    Args:
        sides: By name, functions of the side's gate, which pass it before each update, without end.
    """

    def __init__(self, sides: Mapping[str, Side]) -> None:
        spawn = multiprocessing.get_context("spawn")
        self.connections: dict[str, Connection] = {}
        self.processes = []
        self.peaks: dict[str, float] = {}
        for name, side in sides.items():
            here, there = spawn.Pipe()
            process = spawn.Process(target=_play, args=(side, there))
            process.start()
            there.close()
            self.connections[name] = here
            self.processes.append(process)

    def turn(self, name: str, updates: int) -> float:
        """Let a side do some updates.

        Returns:
            The seconds that they took.

        Raises:
            UserError: If the side's process has ended.
        """
        try:
            self.connections[name].send(updates)
            seconds, self.peaks[name] = self.connections[name].recv()
        except (EOFError, OSError) as error:
            raise UserError(f"the side '{name}' failed; its error is above") from error
        return seconds

    def rounds(self, updates: Mapping[str, int], rounds: Iterable[Any]) -> dict[str, list[float]]:
        """Let each side have its turn in each round; return their seconds an update."""
        seconds: dict[str, list[float]] = {name: [] for name in updates}
        for _ in rounds:
            for name, number in updates.items():
                seconds[name].append(self.turn(name, number) / number)
        return seconds

    def __exit__(self, *_: object) -> None:
        """End all sides."""
        for connection in self.connections.values():
            with suppress(OSError):  # that side has failed
                connection.send(0)
        for process in self.processes:
            process.join(GRACE)
            process.kill()


def _play(side: Side, connection: Connection) -> None:
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends all
    side(Gate(connection))
