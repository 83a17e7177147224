"""What measures compare: the statistics of a set of images' features, gathered a batch at a time."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from typing import Literal

import torch
from torch import Tensor

from gan.distributed.group import gather_rows, sum_over_ranks
from gan.features.base import FeatureExtractor
from gan.metrics.laplacian import laplacian_variance
from gan.types import Batch

__all__ = ["Need", "Statistics", "gather"]

Need = Literal["sums", "vectors", "logits", "modes", "labels", "sharpness"]
"""The sums of features, or what is kept of each image; ``modes`` are its most likely class and that one's logit."""

WITHOUT_FEATURES: frozenset[Need] = frozenset({"labels", "sharpness"})


@dataclass(frozen=True)
class Statistics:
    """A set of images, as measures see it: as much of it as they need.

    Attributes:
        count: Number of images N.
        total: Sum of the features, float64, with shape (F,).
        outer: Sum of their outer products, float64, with shape (F, F).
        vectors: The features themselves, float32, with shape (N, F).
        logits: Of each class, or mode, float32, with shape (N, K).
        classes: The most likely class, or mode, int64, with shape (N,).
        peaks: Its logit, float32, with shape (N,).
        labels: The true, or wanted, classes, int64, with shape (N,).
        sharpness: The variance of its Laplacian, float32, with shape (N,).
    """

    count: int
    total: Tensor | None = None
    outer: Tensor | None = None
    vectors: Tensor | None = None
    logits: Tensor | None = None
    classes: Tensor | None = None
    peaks: Tensor | None = None
    labels: Tensor | None = None
    sharpness: Tensor | None = None

    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors that are there, by name, for a file."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, Tensor)}

    @classmethod
    def of(
        cls,
        vectors: Tensor,
        logits: Tensor | None = None,
        labels: Tensor | None = None,
        sharpness: Tensor | None = None,
    ) -> "Statistics":
        """Compute all the statistics of features that are at hand, with shape (N, F)."""
        exact = vectors.double()
        found = _rows(vectors, logits, labels, sharpness)
        return cls(len(vectors), exact.sum(0), exact.T @ exact, **{k: v for k, v in found.items() if v is not None})


@torch.no_grad()
def gather(
    features: FeatureExtractor, batches: Iterable[Batch], needs: Collection[Need], device: torch.device
) -> Statistics:
    """Gather the statistics of images over all ranks, each of which is given some; none is kept as an image.

    Args:
        features: Maps images to features.
        batches: This rank's images as the data set holds them, and their labels.
        needs: What is gathered.
        device: Where features are computed.
    """
    count, size = 0, features.num_features
    total = torch.zeros(size, dtype=torch.float64, device=device)
    outer = torch.zeros(size, size, dtype=torch.float64, device=device)
    names = {name for need in needs for name in (("classes", "peaks") if need == "modes" else (need,))} - {"sums"}
    kept: dict[str, list[Tensor]] = {name: [] for name in sorted(names)}
    for images, labels in batches:
        count += len(images)
        vectors, logits = features(images.to(device)) if set(needs) - WITHOUT_FEATURES else (None, None)
        sharpness = laplacian_variance(images.to(device)) if "sharpness" in needs else None
        if "sums" in needs and vectors is not None:
            exact = vectors.double()
            total += exact.sum(0)
            outer += exact.T @ exact
        found = _rows(vectors, logits, labels, sharpness)
        for name, rows in kept.items():
            value = found[name]
            assert value is not None, f"{features.name} gives no {name}"
            rows.append(value.cpu())
    count = int(sum_over_ranks(torch.tensor(count, device=device)))
    everything = {name: gather_rows(values) for name, values in kept.items()}
    if "sums" in needs:
        everything |= {"total": sum_over_ranks(total).cpu(), "outer": sum_over_ranks(outer).cpu()}
    return Statistics(count, **everything)


def _rows(
    vectors: Tensor | None, logits: Tensor | None, labels: Tensor | None, sharpness: Tensor | None
) -> dict[str, Tensor | None]:
    peaks, classes = logits.max(1) if logits is not None else (None, None)
    of_features = {"vectors": vectors, "logits": logits, "classes": classes, "peaks": peaks}
    return of_features | {"labels": labels, "sharpness": sharpness}
