"""Share of samples that are valid molecules."""

from typing import ClassVar

from gan.metrics.measure import Measure
from gan.metrics.statistics import Need, Statistics

__all__ = ["Validity"]


class Validity(Measure):
    """Share of samples that RDKit reads as molecules; ``distinct`` tells whether they repeat."""

    higher_is_better: ClassVar[dict[str, bool]] = {"validity": True}
    needs: ClassVar[frozenset[Need]] = frozenset({"sums"})
    needs_of_real: ClassVar[frozenset[Need]] = frozenset()
    named_after_features: ClassVar[bool] = False
    features: ClassVar[str | None] = "molecules"

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        return {"validity": float(fake.total[0]) / fake.count}
