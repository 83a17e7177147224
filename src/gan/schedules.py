"""Schedules: factors that follow the one clock, a player's updates, and nothing else."""

from abc import ABC, abstractmethod
from math import cos, pi

__all__ = ["Constant", "Cosine", "Linear", "Schedule"]


class Schedule(ABC):
    """A factor of a learning rate or of a weight."""

    @abstractmethod
    def __call__(self, step: int) -> float:
        """Return the factor at a step."""


class Constant(Schedule):
    """One, always."""

    def __call__(self, step: int) -> float:
        return 1.0


class Falling(Schedule):
    """From one down to ``end``, where it stays; a subclass says along which line.

    Args:
        steps: Steps until ``end`` is reached.
        end: The factor then.

    Raises:
        ValueError: If there is no step, or the end is below zero.
    """

    def __init__(self, steps: int, end: float = 0.0) -> None:
        if steps < 1 or end < 0:
            raise ValueError(f"steps must be at least 1 and end at least 0, not {steps} and {end}")
        self.steps, self.end = steps, end


class Cosine(Falling):
    """Along half a cosine (Loshchilov and Hutter, 2017, Eq. 5)."""

    def __call__(self, step: int) -> float:
        return self.end + (1 - self.end) * (1 + cos(pi * min(1.0, step / self.steps))) / 2


class Linear(Falling):
    """In a straight line (as in Miyato et al., 2018)."""

    def __call__(self, step: int) -> float:
        return 1 + (self.end - 1) * min(1.0, step / self.steps)
