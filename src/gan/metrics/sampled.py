"""Facts about a set of generated images that decide which measures it can be scored by."""

from typing import NamedTuple

from gan.data.base import ImageDataModule
from gan.models.sampler import Sampler

__all__ = ["SampledImages"]


class SampledImages(NamedTuple):
    """Facts about generated images.

    Attributes:
        requests: Whether they are generated from the conditions of held-out rows.
        labels: Whether they are of requested classes; the classes of their conditions count.
        targets: Whether each of them has a target.
    """

    requests: bool = False
    labels: bool = False
    targets: bool = False

    @classmethod
    def of(cls, model: Sampler, data: ImageDataModule) -> "SampledImages":
        """Describe a model's samples for a data module."""
        if not model.uses_condition:
            return cls(labels=model.num_classes > 1)
        return cls(True, max(model.num_classes, data.num_classes) > 1, data.requests(range(1)).real is not None)
