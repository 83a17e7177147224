"""Square wave."""

from gan.schedules.base import Schedule

__all__ = ["SquareWave"]


class SquareWave(Schedule):
    """Factors of one and of ``low``, each for half a period.

    Args:
        period: Steps.
        low: The lower factor.
    """

    def __init__(self, period: int = 4, low: float = 0.5) -> None:
        self.period, self.low = period, low

    def __call__(self, step: int) -> float:
        return 1.0 if step % self.period < self.period / 2 else self.low
