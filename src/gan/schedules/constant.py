"""Constant schedule."""

from gan.schedules.base import Schedule

__all__ = ["Constant"]


class Constant(Schedule):
    """A factor of one at every step."""

    def __call__(self, step: int) -> float:
        return 1.0
