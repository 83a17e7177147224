"""The Inception score: how sure a classifier is of each generated image, and how varied its answers are."""

import warnings
from typing import ClassVar

from torch import nn
from torchmetrics.image.inception import InceptionScore as TorchInceptionScore

from gan.errors import UserError
from gan.metrics.measure import Measure
from gan.metrics.randomness import repeatable
from gan.metrics.statistics import Need, Statistics

__all__ = ["InceptionScore"]


class InceptionScore(Measure):
    """exp E KL(p(y|x) | p(y)), between 1 and the number of classes (Salimans et al., 2016, Section 4).

    Its mean and deviation over splits of the generated images; real ones are not looked at.

    Args:
        splits: Number of equal parts of the images, 10 in the paper.

    Raises:
        ValueError: If there are fewer than two splits, which have no deviation.
    """

    higher_is_better: ClassVar[dict[str, bool]] = {"is": True, "is_std": False}
    needs: ClassVar[frozenset[Need]] = frozenset({"logits"})
    needs_of_real: ClassVar[frozenset[Need]] = frozenset()

    def __init__(self, splits: int = 10) -> None:
        if splits < 2:
            raise ValueError(f"splits must be at least 2, not {splits}")
        self.splits = splits

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        if fake.count < self.splits:
            raise UserError(
                f"the Inception score over {self.splits} splits needs as many generated images, not {fake.count}"
            )
        assert fake.logits is not None
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Metric `InceptionScore` will save all extracted features")
            metric = TorchInceptionScore(nn.Identity(), self.splits, sync_on_compute=False)
        metric.update(fake.logits.double())  # in float32 a class of probability zero to all makes it NaN
        with repeatable():
            mean, deviation = metric.compute()
        return {"is": float(mean), "is_std": float(deviation)}
