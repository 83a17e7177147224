"""Samples of trivial generators, and noise beside targets: baselines of trained generators."""

from collections.abc import Iterator

import torch
from torch import Tensor

from gan.data.module import DataModule, DrawnBaseline, TrivialBaseline
from gan.distributed.group import rank_range
from gan.types import Condition, Request, Samples

__all__ = ["noise_beside_targets", "trivial_samples"]

BATCH_SIZE = 256


def trivial_samples(data: DataModule, num: int, requests: bool) -> dict[str, Iterator[Samples]]:
    """Return this rank's part of the samples of each of the data's trivial generators, as the data module stores rows.

    Args:
        data: Data module of the generators.
        num: Number of samples of each, on all ranks together.
        requests: Whether they are made from the conditions of held-out rows.
    """
    if requests:
        return {name: _conditional(data, make, num) for name, make in data.trivial_baselines().items()}
    return {name: _drawn(data, draw, num) for name, draw in data.drawn_baselines().items()}


def _conditional(data: DataModule, make: TrivialBaseline, num: int) -> Iterator[Samples]:
    for _, request in _requests(data, num):
        labels = _labels(request)
        yield data.discretize_samples(Samples(make(request), labels, *_belonging(request)))


def _drawn(data: DataModule, draw: DrawnBaseline, num: int) -> Iterator[Samples]:
    rows, indices = draw(num, torch.Generator().manual_seed(0)), rank_range(num)
    for start in range(indices.start, indices.stop, BATCH_SIZE):
        part = torch.arange(start, min(start + BATCH_SIZE, indices.stop))
        yield Samples(rows[part], part % data.num_classes)


def noise_beside_targets(data: DataModule, num: int) -> Iterator[Samples]:
    """Yield this rank's part of noise images beside the targets of held-out rows; each index has its own noise."""
    for indices, request in _requests(data, num):
        assert request.real is not None
        targets = data.discretize_samples(Samples(request.real, _labels(request), *_belonging(request)))
        noise = [data.noise(1, torch.Generator().manual_seed(index)) for index in indices]
        yield targets._replace(images=torch.cat(noise))


def _requests(data: DataModule, num: int) -> Iterator[tuple[range, Request]]:
    """Yield this rank's indices and requests in batches."""
    indices = rank_range(num)
    for start in range(0, len(indices), BATCH_SIZE):
        part = indices[start : start + BATCH_SIZE]
        yield part, data.requests(part)


def _belonging(request: Request) -> tuple[Condition, Tensor | None, Tensor | None]:
    return request.condition, request.real, request.row


def _labels(request: Request) -> Tensor:
    if request.labels is not None:
        return request.labels
    first = request.condition if isinstance(request.condition, torch.Tensor) else request.condition[0]
    return torch.zeros(len(first), dtype=torch.long)
