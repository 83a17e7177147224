"""What measures compare: the statistics of a set of images' features, gathered a batch at a time."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Literal

import torch
from torch import Tensor

from gan.distributed.group import gather_rows, sum_over_ranks
from gan.metrics.features import FeatureExtractor
from gan.types import Batch

__all__ = ["Need", "Statistics", "gather"]

Need = Literal["vectors", "logits", "labels"]


@dataclass(frozen=True)
class Statistics:
    """A set of images, as measures see it.

    Attributes:
        count: Number of images N.
        total: Sum of the features, float64, with shape (F,).
        outer: Sum of their outer products, float64, with shape (F, F).
        vectors: The features themselves, float32, with shape (N, F), where a measure needs them.
        logits: Of each class, or mode, float32, with shape (N, K), where a measure needs them.
        labels: Classes, int64, with shape (N,), where a measure needs them.
    """

    count: int
    total: Tensor
    outer: Tensor
    vectors: Tensor | None = None
    logits: Tensor | None = None
    labels: Tensor | None = None

    @property
    def mean(self) -> Tensor:
        """Mean feature, float64, with shape (F,)."""
        return self.total / self.count

    @property
    def covariance(self) -> Tensor:
        """Covariance of the features, unbiased, float64, with shape (F, F)."""
        return (self.outer - self.count * torch.outer(self.mean, self.mean)) / (self.count - 1)

    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors that are there, by name, for a file."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, Tensor)}

    @classmethod
    def of(cls, vectors: Tensor, logits: Tensor | None = None, labels: Tensor | None = None) -> "Statistics":
        """Compute the statistics of features that are all at hand, with shape (N, F)."""
        exact = vectors.double()
        return cls(len(vectors), exact.sum(0), exact.T @ exact, vectors, logits, labels)


@torch.no_grad()
def gather(
    features: FeatureExtractor, batches: Iterable[Batch], needs: Iterable[Need], device: torch.device
) -> Statistics:
    """Gather the statistics of images over all ranks, each of which is given some; none is kept as an image.

    Args:
        features: Maps images to features.
        batches: This rank's images as the data set holds them, and their labels.
        needs: What is kept of each image beside the sums.
        device: Where features are computed.
    """
    size, count = features.num_features, 0
    total = torch.zeros(size, dtype=torch.float64, device=device)
    outer = torch.zeros(size, size, dtype=torch.float64, device=device)
    kept: dict[str, list[Tensor]] = {need: [] for need in needs}
    for images, labels in batches:
        vectors, logits = features(images.to(device))
        exact = vectors.double()
        count += len(vectors)
        total += exact.sum(0)
        outer += exact.T @ exact
        found = {"vectors": vectors, "logits": logits, "labels": labels}
        for name, rows in kept.items():
            value = found[name]
            assert value is not None, f"{features.name} gives no {name}"
            rows.append(value.cpu())
    count = int(sum_over_ranks(torch.tensor(count, device=device)))
    everything = {name: gather_rows(torch.cat(values)) for name, values in kept.items()}
    return Statistics(count, sum_over_ranks(total).cpu(), sum_over_ranks(outer).cpu(), **everything)
