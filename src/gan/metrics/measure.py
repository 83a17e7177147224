"""Base class of measures: scores from the statistics of real and generated images."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from gan.data.module import DataModule, Split
from gan.metrics.statistics import Need, Statistics

__all__ = ["Measure", "advice_without_labels"]


class Measure(ABC):
    """Scores of generated images against real ones.

    Attributes:
        needs_labels: Whether the samples must be of requested classes, as from a conditional generator.
        label_advice: Way to give data classes that this measure is made for; empty for any classes.
        named_after_features: Whether the scores depend on the feature extractor, and carry its name.
        features: Name of the feature extractor that it needs; None for any.
        split: Split of the real images that it uses; None for that of the evaluation, ``metric.split``.
    """

    needs_labels: ClassVar[bool] = False
    label_advice: ClassVar[str] = ""
    named_after_features: ClassVar[bool] = True
    features: ClassVar[str | None] = None
    split: Split | None = None

    @property
    @abstractmethod
    def higher_is_better(self) -> dict[str, bool]:
        """Names of all scores, and whether higher is better; runs are compared by the first.

        This and both needs may be class attributes.
        """

    @property
    @abstractmethod
    def needs(self) -> frozenset[Need]:
        """Statistics of the generated images that it uses."""

    @property
    @abstractmethod
    def needs_of_real(self) -> frozenset[Need]:
        """Statistics of the real images that it uses."""

    @property
    def settings(self) -> dict[str, Any]:
        """Constructor arguments for the protocol; they are stored as attributes of the same names."""
        return dict(vars(self))

    def for_data(self, data: DataModule) -> "Measure":
        """Return the measure with the settings that a data set determines; the default has none.

        Raises:
            UserError: If it does not fit the data.
        """
        return self

    @abstractmethod
    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        """Return the scores by name.

        Raises:
            UserError: If there are too few images.
        """


def advice_without_labels(measures: Mapping[str, Measure]) -> str:
    """Return what to do where samples have no classes, and some of the measures need them."""
    kept = [name for name, measure in measures.items() if not measure.needs_labels]
    choice = f"'metric=[{','.join(kept)}]' needs none" if kept else "metric=frechet needs none"
    advice = dict.fromkeys(measure.label_advice for measure in measures.values() if measure.needs_labels)
    return ", or ".join([choice, *filter(None, advice)])
