"""Shares of samples that differ from each other, and that are copies of training rows."""

from typing import ClassVar

from gan.data.module import Split
from gan.metrics.measure import Measure
from gan.metrics.statistics import Need, Statistics

__all__ = ["Copied", "Distinct"]


class Distinct(Measure):
    """Number of different samples, divided by the number of samples."""

    higher_is_better: ClassVar[dict[str, bool]] = {"distinct": True}
    needs: ClassVar[frozenset[Need]] = frozenset({"images"})
    needs_of_real: ClassVar[frozenset[Need]] = frozenset()
    named_after_features: ClassVar[bool] = False

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        return {"distinct": len(set(map(tuple, fake.images.tolist()))) / fake.count}


class Copied(Measure):
    """Share of samples that are equal to a training row.

    Held-out rows score the share of the data that is common; a generator that repeats what it has learned by heart
    scores more.
    """

    higher_is_better: ClassVar[dict[str, bool]] = {"copied": False}
    needs: ClassVar[frozenset[Need]] = frozenset({"images"})
    needs_of_real: ClassVar[frozenset[Need]] = frozenset({"images"})
    named_after_features: ClassVar[bool] = False
    split: Split | None = "train"

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        trained = set(map(tuple, real.images.tolist()))
        return {"copied": sum(row in trained for row in map(tuple, fake.images.tolist())) / fake.count}
