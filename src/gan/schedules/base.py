"""Base class of schedules."""

from abc import ABC, abstractmethod

__all__ = ["Schedule"]


class Schedule(ABC):
    """A factor of a learning rate or of a weight."""

    @abstractmethod
    def __call__(self, step: int) -> float:
        """Return the factor at a step."""
