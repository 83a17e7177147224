"""Inception score: confidence of a classifier on each generated image, and diversity of its predictions."""

import warnings
from typing import ClassVar

from torch import nn
from torchmetrics.image.inception import InceptionScore as TorchInceptionScore

from gan.errors import UserError
from gan.keyed_random import temporary_seed
from gan.metrics.measure import Measure
from gan.metrics.statistics import Need, Statistics

__all__ = ["InceptionScore"]


class InceptionScore(Measure):
    """exp E KL(p(y|x) | p(y)), between 1 and the number of classes (Salimans et al., 2016, Section 4).

    The scores are its mean and standard deviation over splits of the generated images. Real images are not used.

    Args:
        splits: Number of equal parts of the images, 10 in the paper.

    Raises:
        ValueError: If there are fewer than two splits, and so no standard deviation.
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
                f"the Inception score over {self.splits} splits needs at least {self.splits} generated images, "
                f"not {fake.count}"
            )
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Metric `InceptionScore` will save all extracted features")
            metric = TorchInceptionScore(nn.Identity(), self.splits, sync_on_compute=False)
        metric.update(fake.logits.double())  # in float32, a class with probability 0 for every image gives NaN
        with temporary_seed(0):  # torchmetrics shuffles the images
            mean, deviation = metric.compute()
        return {"is": float(mean), "is_std": float(deviation)}
