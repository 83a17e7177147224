"""Base class of measures: scores from the statistics of real and generated images."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from gan.metrics.statistics import Need, Statistics

__all__ = ["Measure"]


class Measure(ABC):
    """Scores of generated images against real ones.

    Attributes:
        higher_is_better: Names of all its scores, and whether higher is better; runs are compared by the first.
        needs: Statistics of the generated images that it uses.
        needs_of_real: Statistics of the real images that it uses.
        needs_labels: Whether the samples must be of requested classes, as from a conditional generator.
        named_after_features: Whether the scores depend on the feature extractor, and carry its name.
    """

    higher_is_better: ClassVar[dict[str, bool]]
    needs: ClassVar[frozenset[Need]]
    needs_of_real: ClassVar[frozenset[Need]]
    needs_labels: ClassVar[bool] = False
    named_after_features: ClassVar[bool] = True

    @property
    def settings(self) -> dict[str, Any]:
        """Constructor arguments for the protocol; they are stored as attributes of the same names."""
        return dict(vars(self))

    @abstractmethod
    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        """Return the scores by name.

        Raises:
            UserError: If there are too few images.
        """
