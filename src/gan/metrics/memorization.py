"""The Fréchet distance that punishes copies of the real images: MiFID where the features are Inception's."""

from typing import ClassVar

import torch
from torch import Tensor

from gan.errors import UserError
from gan.metrics.frechet_distance import frechet_distance
from gan.metrics.measure import Measure
from gan.metrics.statistics import Need, Statistics

__all__ = ["MiFID", "memorization_distance"]


def directions(vectors: Tensor) -> Tensor:
    """Return the vectors at length one, float64, without those of length zero, as in the authors' code."""
    norms = vectors.double().norm(dim=1, keepdim=True)
    kept = norms[:, 0] > 0
    return vectors[kept].double() / norms[kept]


def memorization_distance(real: Tensor, fake: Tensor, chunk: int = 512) -> float:
    """Return the mean, over generated images, of the least cosine distance 1 - |cos| to a real one.

    Args:
        real: Features, with shape (N, F).
        fake: Features, with shape (M, F).
        chunk: Generated images at a time: torchmetrics holds the whole (N, M) matrix, 20 GB for 50,000 of each.

    Raises:
        UserError: If all the features of a set are zero.
    """
    real, fake = directions(real), directions(fake)
    if not (len(real) and len(fake)):
        raise UserError("all features of the real or of the generated images are zero: they have no cosine distance")
    closest = torch.cat([(rows @ real.T).abs_().amax(1) for rows in fake.split(chunk)])
    return float((1 - closest).clamp(min=0).mean())


class MiFID(Measure):
    """Memorisation-informed Fréchet distance (Bai et al., 2021): the Fréchet distance over that of memorisation.

    As in the paper and its authors' code, memorisation is averaged over the generated images, each against its
    nearest real one. torchmetrics 1.9 averages over the real ones instead; it agrees if given the sets swapped.

    Args:
        threshold: Memorisation is none, and the Fréchet distance stands, unless the mean is below it; τ in the paper.

    Raises:
        ValueError: If the threshold is not above zero and at most one.
    """

    higher_is_better: ClassVar[dict[str, bool]] = {"mifd": False}
    needs: ClassVar[frozenset[Need]] = frozenset({"sums", "vectors"})
    needs_of_real: ClassVar[frozenset[Need]] = needs

    def __init__(self, threshold: float = 0.1) -> None:
        if not 0 < threshold <= 1:
            raise ValueError(f"threshold must be above 0 and at most 1, not {threshold}")
        self.threshold = threshold

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        assert real.vectors is not None
        assert fake.vectors is not None
        distance = frechet_distance(real, fake)
        memorized = memorization_distance(real.vectors, fake.vectors)
        penalty = memorized if memorized < self.threshold else 1.0
        return {"mifd": distance / (penalty + 1e-14)}  # the authors' constant: mere copies give a large number
