"""Inception score: confidence of a classifier on each generated image, and diversity of its predictions."""

from typing import ClassVar

from torch_fidelity.metric_isc import KEY_METRIC_ISC_MEAN, KEY_METRIC_ISC_STD, isc_features_to_metric

from gan.bounds import AtLeastTwo
from gan.errors import UserError
from gan.metrics.measure import Measure
from gan.metrics.statistics import Need, Statistics

__all__ = ["InceptionScore"]


class InceptionScore(Measure):
    """exp E KL(p(y|x) | p(y)), between 1 and the number of classes (Salimans et al., 2016, Section 4).

    The scores are its mean and standard deviation over splits of the generated images, which are shuffled from a fixed
    seed. As in the authors' code, the variance is divided by the number of splits, and the sizes of splits differ by
    at most one image. Real images are not used.

    Args:
        splits: Number of equal parts of the images, 10 in the paper.
    """

    higher_is_better: ClassVar[dict[str, bool]] = {"is": True, "is_std": False}
    needs: ClassVar[frozenset[Need]] = frozenset({"logits"})
    needs_of_real: ClassVar[frozenset[Need]] = frozenset()

    def __init__(self, splits: AtLeastTwo = 10) -> None:
        self.splits = splits

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        if fake.count < self.splits:
            raise UserError(
                f"the Inception score over {self.splits} splits needs at least {self.splits} generated images, "
                f"not {fake.count}"
            )
        scores = isc_features_to_metric(fake.logits, self.splits)
        return {"is": scores[KEY_METRIC_ISC_MEAN], "is_std": scores[KEY_METRIC_ISC_STD]}
