"""Memorisation-informed Fréchet distance, which penalises copies of training images: MiFID on Inception features."""

from typing import ClassVar

import torch
from torch import Tensor

from gan.bounds import Share
from gan.errors import UserError
from gan.metrics.frechet import frechet_distance
from gan.metrics.measure import Measure
from gan.metrics.statistics import Need, Statistics

__all__ = ["MiFID", "memorization_distance"]


class MiFID(Measure):
    """Fréchet distance divided by the memorisation distance (Bai et al., 2021).

    As in the paper and the authors' code, the memorisation distance is averaged over generated images, each against its
    nearest real one. torchmetrics 1.9 averages over real images instead; it agrees if the sets are swapped.

    Args:
        threshold: τ in the paper. A memorisation distance of τ or more counts as 1, and leaves the Fréchet distance
            unchanged.
    """

    higher_is_better: ClassVar[dict[str, bool]] = {"mifd": False}
    needs: ClassVar[frozenset[Need]] = frozenset({"sums", "vectors"})
    needs_of_real: ClassVar[frozenset[Need]] = needs

    def __init__(self, threshold: Share = 0.1) -> None:
        self.threshold = threshold

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        distance = frechet_distance(real, fake)
        memorization = memorization_distance(real.vectors, fake.vectors)
        penalty = memorization if memorization < self.threshold else 1.0
        return {"mifd": distance / (penalty + 1e-14)}  # the authors' constant: exact copies give a large number


def memorization_distance(real: Tensor, fake: Tensor, chunk: int = 512) -> float:
    """Return the smallest cosine distance 1 - |cos| to a real image, averaged over generated images.

    Args:
        real: Feature vectors, with shape (N, F).
        fake: Feature vectors, with shape (M, F).
        chunk: Generated images per block. The full (N, M) matrix would take 20 GB for 50,000 images each.

    Raises:
        UserError: If all feature vectors of a set are zero.
    """
    real, fake = _unit_vectors(real), _unit_vectors(fake)
    if not (len(real) and len(fake)):
        raise UserError("all features of the real or of the generated images are zero: they have no cosine distance")
    cosines = torch.cat([(rows @ real.T).abs_().amax(1) for rows in fake.split(chunk)])
    return float((1 - cosines).clamp(min=0).mean())


def _unit_vectors(vectors: Tensor) -> Tensor:
    """Scale vectors to length one, in float64; drop those of length zero, as the authors' code does."""
    norms = vectors.double().norm(dim=1, keepdim=True)
    nonzero = norms[:, 0] > 0
    return vectors[nonzero].double() / norms[nonzero]
