"""What a measure is: numbers from the statistics of real and of generated images."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from gan.metrics.statistics import Need, Statistics

__all__ = ["Measure"]


class Measure(ABC):
    """Compares generated with real images, by their features alone.

    Attributes:
        higher_is_better: Its scores by name, and whether more of each is better; runs are compared by the first.
        needs: What it takes of generated images.
        needs_of_real: What it takes of real ones; where that is no feature, none is computed.
        needs_labels: Whether samples must be of wanted classes, as a conditional generator's are.
        named_after_features: Whether the scores mean something only beside the name of the features.
    """

    higher_is_better: ClassVar[dict[str, bool]]
    needs: ClassVar[frozenset[Need]]
    needs_of_real: ClassVar[frozenset[Need]]
    needs_labels: ClassVar[bool] = False
    named_after_features: ClassVar[bool] = True

    @property
    def settings(self) -> dict[str, Any]:
        """What of the measure decides its scores: its constructor's arguments, as attributes of their names."""
        return dict(vars(self))

    @abstractmethod
    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        """Return the scores of generated images against real ones, by name.

        Raises:
            UserError: If there are too few images to compute them from.
        """
