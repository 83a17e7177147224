"""Base class of measures: scores from the statistics of real and generated images."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from gan.data.module import DataModule, Split
from gan.metrics.statistics import Need, Statistics

__all__ = ["Measure"]


class Measure(ABC):
    """Scores of generated images against real ones.

    Attributes:
        needs_labels: Whether the samples must be of requested classes, as from a conditional generator.
        named_after_features: Whether the scores depend on the feature extractor, and carry its name.
        features: Name of the feature extractor that it needs; None for any.
        split: Split of the real images that it uses; None for that of the evaluation, ``metric.split``.
    """

    needs_labels: ClassVar[bool] = False
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
