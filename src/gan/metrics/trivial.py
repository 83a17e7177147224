"""Samples of trivial generators, and noise beside targets: baselines of generators with a condition."""

from collections.abc import Iterator

import torch

from gan.data.module import DataModule, TrivialBaseline
from gan.distributed.group import rank_range
from gan.types import Request, Samples

__all__ = ["noise_beside_targets", "trivial_samples"]

BATCH_SIZE = 256


def trivial_samples(data: DataModule, make: TrivialBaseline, num: int) -> Iterator[Samples]:
    """Yield this rank's part of a trivial generator's samples for held-out rows, as the data module stores images.

    Args:
        data: Data module with the conditions.
        make: The trivial generator.
        num: Number of samples, on all ranks together.
    """
    for _, request in _requests(data, num):
        labels = _labels(request)
        yield data.discretize_samples(Samples(make(request), labels, request.condition, request.real))


def noise_beside_targets(data: DataModule, num: int) -> Iterator[Samples]:
    """Yield this rank's part of noise images beside the targets of held-out rows; each index has its own noise."""
    for indices, request in _requests(data, num):
        assert request.real is not None
        targets = data.discretize_samples(Samples(request.real, _labels(request), request.condition, request.real))
        noise = [data.noise(1, torch.Generator().manual_seed(index)) for index in indices]
        yield targets._replace(images=torch.cat(noise))


def _requests(data: DataModule, num: int) -> Iterator[tuple[range, Request]]:
    """Yield this rank's indices and requests in batches."""
    indices = rank_range(num)
    for start in range(0, len(indices), BATCH_SIZE):
        part = indices[start : start + BATCH_SIZE]
        yield part, data.requests(part)


def _labels(request: Request) -> torch.Tensor:
    if request.labels is not None:
        return request.labels
    first = request.condition if isinstance(request.condition, torch.Tensor) else request.condition[0]
    return torch.zeros(len(first), dtype=torch.long)
