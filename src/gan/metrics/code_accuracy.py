"""Agreement between codes that a generator learned without labels and the data's classes (Chen et al., 2016, §7.2)."""

from typing import ClassVar

import torch
from scipy.optimize import linear_sum_assignment

from gan.metrics.measure import Measure
from gan.metrics.statistics import Need, Statistics

__all__ = ["CodeAccuracy"]


class CodeAccuracy(Measure):
    """Share of generated images whose predicted class is the one matched to their code.

    Codes and classes are matched one to one such that the share is largest. Images of an unmatched code (there are more
    codes than classes) do not count. Codes independent of the K classes score about 1/K, slightly more for few images.
    """

    higher_is_better: ClassVar[dict[str, bool]] = {"code_accuracy": True}
    needs: ClassVar[frozenset[Need]] = frozenset({"modes", "labels"})
    needs_of_real: ClassVar[frozenset[Need]] = frozenset()
    needs_labels: ClassVar[bool] = True

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        codes, classes = int(fake.labels.max()) + 1, int(fake.predictions.max()) + 1
        pairs = fake.labels * classes + fake.predictions
        counts = torch.bincount(pairs, minlength=codes * classes).view(codes, classes).cpu().numpy()
        matched = int(counts[linear_sum_assignment(counts, maximize=True)].sum())
        return {"code_accuracy": matched / fake.count}
