"""Schedule of a term that applies in a part of a run."""

from gan.bounds import NonNegativeInt, PositiveInt
from gan.schedules.base import Schedule

__all__ = ["Window"]


class Window(Schedule):
    """A factor of one from a first step up to a last one, and zero elsewhere.

    Args:
        start: First step with a factor of one, counted from 0.
        end: First step after it; None for no end.

    Raises:
        ValueError: If the window is empty.
    """

    def __init__(self, start: NonNegativeInt = 0, end: PositiveInt | None = None) -> None:
        if end is not None and end <= start:
            raise ValueError(f"end={end} must be after start={start}")
        self.start, self.end = start, end

    def __call__(self, step: int) -> float:
        return float(self.start <= step and (self.end is None or step < self.end))
