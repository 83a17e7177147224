"""Whether codes that a generator found by itself are the classes of the data (Chen et al., 2016, Section 7.2)."""

from typing import ClassVar

import torch

from gan.metrics.assignment import best_pairs
from gan.metrics.measure import Measure
from gan.metrics.statistics import Need, Statistics

__all__ = ["CodeAccuracy"]


class CodeAccuracy(Measure):
    """Share of generated images that a classifier takes for the class that is matched to their code.

    Codes are matched one to one to classes, as suits these images best; of one more code than classes, no image counts.
    K codes that say nothing of K classes score about 1/K, a little above it for few images.
    """

    higher_is_better: ClassVar[dict[str, bool]] = {"code_accuracy": True}
    needs: ClassVar[frozenset[Need]] = frozenset({"modes", "labels"})
    needs_of_real: ClassVar[frozenset[Need]] = frozenset()
    needs_labels: ClassVar[bool] = True

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        assert fake.classes is not None
        assert fake.labels is not None
        codes, classes = int(fake.labels.max()) + 1, int(fake.classes.max()) + 1
        counts = torch.bincount(fake.labels * classes + fake.classes, minlength=codes * classes).view(codes, classes)
        matched = sum(int(counts[pair]) for pair in best_pairs(counts))
        return {"code_accuracy": matched / fake.count}
