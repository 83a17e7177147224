"""Accuracy of the attributes that sentences ask for, in combinations that were trained on, and in others."""

from copy import copy
from typing import ClassVar

import torch
from torch import Tensor

from gan.data.captioned import Captioned
from gan.data.module import DataModule, Split
from gan.errors import UserError
from gan.metrics.measure import Measure
from gan.metrics.statistics import Need, Statistics

__all__ = ["AttributeAccuracy"]


class AttributeAccuracy(Measure):
    """Share of samples in which a classifier finds all attributes of their sentence, and each single one.

    A combination of attributes is seen if a training image has it. Runs are compared by the accuracy of both kinds.

    Attributes:
        names: Names of the attributes.
        sizes: Number of values of each.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"modes", "labels"})
    needs_of_real: ClassVar[frozenset[Need]] = frozenset({"labels"})
    needs_labels: ClassVar[bool] = True
    label_advice: ClassVar[str] = "name what the captions say in data.attributes"
    named_after_features: ClassVar[bool] = False
    features: ClassVar[str | None] = "captions"
    split: Split = "train"

    def __init__(self) -> None:
        self.names: list[str] = []
        self.sizes: list[int] = []

    def for_data(self, data: DataModule) -> "AttributeAccuracy":
        """Return the measure with the attributes of a data set.

        Raises:
            UserError: If it has none.
        """
        if not isinstance(data, Captioned) or not data.attributes:
            hint = "name some by data.attributes" if isinstance(data, Captioned) else "use data=captions"
            raise UserError(f"metric=attribute_accuracy needs data with attributes: {hint}")
        bound = copy(self)
        bound.names, bound.sizes = list(data.attributes), list(data.attribute_sizes)
        return bound

    @property
    def higher_is_better(self) -> dict[str, bool]:
        kinds = ["accuracy", "accuracy_seen", "accuracy_unseen"]
        return dict.fromkeys([*kinds, *(f"accuracy_{name}" for name in self.names)], True)

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        right = fake.predictions == fake.labels
        seen = torch.isin(fake.labels, real.labels)
        scores = {"accuracy": mean(right)}
        scores |= {
            f"accuracy_{kind}": mean(right[rows]) for kind, rows in (("seen", seen), ("unseen", ~seen)) if rows.any()
        }
        predicted, wanted = fake.predictions, fake.labels
        for name, size in zip(reversed(self.names), reversed(self.sizes), strict=True):
            scores[f"accuracy_{name}"] = mean(predicted % size == wanted % size)
            predicted, wanted = predicted // size, wanted // size
        return scores


def mean(right: Tensor) -> float:
    """Return the share of true entries."""
    return float(right.double().mean())
