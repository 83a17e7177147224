"""Groups of runs that differ only in their seeds, and statistics over seeds."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from gan.runs.record import RunRecord
from gan.runs.results_file import Results

__all__ = ["Group", "Spread", "mean"]


class Spread(NamedTuple):
    """Mean over seeds and standard deviation between them (n - 1); None for a single seed."""

    mean: float
    deviation: float | None


@dataclass(frozen=True)
class Group:
    """Runs of one configuration with several seeds.

    Attributes:
        name: Name in reports.
        runs: All runs, including failed ones.
    """

    name: str
    runs: list[RunRecord]

    @property
    def finished(self) -> list[RunRecord]:
        """Runs with results."""
        return [run for run in self.runs if run.results is not None]

    @property
    def failed(self) -> list[RunRecord]:
        """Runs without results."""
        return [run for run in self.runs if run.results is None]

    @property
    def results(self) -> list[Results]:
        """Results of the finished runs."""
        return [run.results for run in self.runs if run.results is not None]

    @property
    def seeds(self) -> int:
        """Number of different seeds among the finished runs."""
        return len({_seeds(run.config) for run in self.finished})

    def spread(self, value: Callable[[RunRecord], float]) -> Spread:
        """Return mean and deviation over seeds of a value of each finished run; runs of one seed are averaged first."""
        by_seed = defaultdict(list)
        for run in self.finished:
            by_seed[_seeds(run.config)].append(value(run))
        means = [mean(values) for values in by_seed.values()]
        center = mean(means)
        if len(means) == 1:
            return Spread(center, None)
        return Spread(center, math.sqrt(sum((x - center) * (x - center) for x in means) / (len(means) - 1)))


def mean(values: Iterable[float]) -> float:
    """Return the mean of at least one value; like a sum, it is infinite or NaN where values are."""
    listed = list(values)
    return sum(listed) / len(listed)


def _seeds(config: Any) -> tuple[str, ...]:
    """Return all seeds of a configuration, in order."""
    if isinstance(config, dict):
        seed = (str(config["seed"]),) if "seed" in config else ()
        return seed + tuple(inner for value in config.values() for inner in _seeds(value))
    return tuple(inner for value in config for inner in _seeds(value)) if isinstance(config, list) else ()
