"""Constant schedule."""

from gan.bounds import Positive
from gan.schedules.base import Schedule

__all__ = ["Constant"]


class Constant(Schedule):
    """The same factor at every step.

    Args:
        value: The factor.
    """

    def __init__(self, value: Positive = 1.0) -> None:
        self.value = value

    def __call__(self, step: int) -> float:
        return self.value
