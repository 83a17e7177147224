"""Linear warm-up before another schedule."""

from gan.bounds import PositiveInt
from gan.schedules.base import Schedule

__all__ = ["Warmup"]


class Warmup(Schedule):
    """Linear increase to one (Goyal et al., 2017, Section 2.2), times another schedule.

    Args:
        steps: Steps of the increase; the first factor is 1 / steps.
        schedule: The other schedule, which counts from the first step too; None for a constant factor.
    """

    def __init__(self, steps: PositiveInt, schedule: Schedule | None = None) -> None:
        self.steps, self.schedule = steps, schedule

    def __call__(self, step: int) -> float:
        factor = min(1.0, (step + 1) / self.steps)
        return factor if self.schedule is None else factor * self.schedule(step)
