"""Schedules that decay to a final factor: half a cosine, and linear."""

from math import cos, pi
from typing import Annotated

from annotated_types import Ge, Lt

from gan.bounds import Factor, PositiveInt
from gan.schedules.base import Schedule

__all__ = ["Cosine", "Decay", "Linear"]


class Decay(Schedule):
    """Base class of schedules that decay from one to ``end`` and stay there.

    Args:
        steps: Steps until ``end`` is reached.
        end: The final factor.
    """

    def __init__(self, steps: PositiveInt, end: Factor = 0.0) -> None:
        self.steps, self.end = steps, end


class Cosine(Decay):
    """Decay along half a cosine period (Loshchilov and Hutter, 2017, Eq. 5)."""

    def __call__(self, step: int) -> float:
        return self.end + (1 - self.end) * (1 + cos(pi * min(1.0, step / self.steps))) / 2


class Linear(Decay):
    """Linear decay (as in Miyato et al., 2018), which may follow constant steps (Zhu et al., 2017, Section 4).

    Args:
        steps: Steps until ``end`` is reached, the constant ones included.
        end: The final factor.
        constant: Share of the steps at the start with a factor of one.
    """

    def __init__(self, steps: PositiveInt, end: Factor = 0.0, constant: Annotated[float, Ge(0), Lt(1)] = 0.0) -> None:
        super().__init__(steps, end)
        self.constant = constant

    def __call__(self, step: int) -> float:
        decayed = max(0.0, step / self.steps - self.constant) / (1 - self.constant)
        return 1 + (self.end - 1) * min(1.0, decayed)
