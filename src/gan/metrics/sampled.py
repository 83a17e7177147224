"""Facts about a set of generated images that decide which measures it can be scored by, and their source."""

from typing import NamedTuple

from gan.data.module import DataModule
from gan.models.sampler import Sampler

__all__ = ["SampleSource", "SampledImages"]


class SampledImages(NamedTuple):
    """Facts about generated images.

    Attributes:
        requests: Whether they are generated from the conditions of held-out rows.
        labels: Whether they are of requested classes; the classes of their conditions count.
        targets: Whether each of them has a target.
        latent: Whether they are generated from latent vectors alone, so that further ones can be.
        model: Whether their model is known.
    """

    requests: bool = False
    labels: bool = False
    targets: bool = False
    latent: bool = False
    model: bool = False

    @classmethod
    def of(cls, model: Sampler, data: DataModule) -> "SampledImages":
        """Describe a model's samples for a data module."""
        if not model.uses_condition:
            return cls(labels=model.num_classes > 1, latent=model.latent_dim > 0, model=True)
        labels = max(model.num_classes, data.num_classes) > 1
        return cls(True, labels, data.requests(range(1)).real is not None, model=True)


class SampleSource(NamedTuple):
    """Model that images are samples of.

    Attributes:
        model: The model.
        use_ema: Whether images are made with the moving average of its weights, if there is one.
        seed: Seed of the samples.
        data: Data module with the real rows; None where there are none.
    """

    model: Sampler
    use_ema: bool = True
    seed: int = 0
    data: DataModule | None = None
