"""Statistics of real images and of noise, cached in files with a digest."""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

import torch
from platformdirs import user_cache_dir
from torch import Tensor

from gan.data.module import DataModule, Split
from gan.data.order import evenly_spaced
from gan.digest import digest, digest_of_values
from gan.distributed.group import all_true, rank_range
from gan.features.base import FeatureExtractor
from gan.metrics.statistics import Need, Statistics, gather, tensor_names
from gan.progress import progress_bar
from gan.runs.writing import WriteError, atomic_path
from gan.types import Samples, select_rows

__all__ = ["noise_statistics", "real_statistics"]

log = logging.getLogger(__name__)

BATCH_SIZE = 256
FORMAT = "2"  # part of the cache key: raise it with every change of the files' content


def real_statistics(
    features: FeatureExtractor,
    data: DataModule,
    split: Split,
    needs: Collection[Need],
    device: torch.device,
    cache: str | None = None,
    limit: int | None = None,
) -> Statistics:
    """Load the statistics of a split's images from the cache, or compute and cache them.

    Args:
        features: Maps images to features.
        data: Data module with the images.
        split: Split of the images.
        needs: Statistics to compute; if there are none, images are only counted. Images themselves are not cached.
        device: Device of the computation.
        cache: Folder of the cached files; None for the user's cache folder.
        limit: Maximum number of images, evenly spaced over the split; None for all.
    """
    if not needs:
        return Statistics(len(data.split(split)))

    def batches() -> Iterable[Samples]:
        size = len(data.split(split))
        indices = range(size) if limit is None else evenly_spaced(size, limit)
        of_rank = rank_range(len(indices))
        indices = indices[of_rank.start : of_rank.stop]
        description = f"{'Real' if split == 'train' else 'Held-out'} {data.noun}"
        rows = data.batches(split, BATCH_SIZE, indices)
        return (batch.as_samples() for batch in progress_bar(rows, len(indices) / BATCH_SIZE, description))

    source = [data.fingerprint(split), *([] if limit is None else [limit])]
    return _cached(source, batches, features, needs, device, cache)


def noise_statistics(
    features: FeatureExtractor,
    data: DataModule,
    num: int,
    needs: Collection[Need],
    device: torch.device,
    cache: str | None = None,
) -> Statistics:
    """Load the statistics of ``num`` noise images from the cache, or compute and cache them.

    The noise has a fixed seed, and its labels cycle through the classes. The other arguments are those of
    ``real_statistics``.
    """

    def noise() -> Iterator[Samples]:
        generator = torch.Generator().manual_seed(0)
        for start in range(0, num, BATCH_SIZE):
            indices = torch.arange(start, min(start + BATCH_SIZE, num))
            yield Samples(data.noise(len(indices), generator), indices % data.num_classes)

    def batches() -> Iterable[Samples]:
        """Return this rank's rows of each batch, so that the noise does not depend on the number of ranks."""
        of_rank, starts = rank_range(num), range(0, num, BATCH_SIZE)
        rows = (slice(max(of_rank.start - start, 0), max(of_rank.stop - start, 0)) for start in starts)
        parts = (select_rows(batch, row) for batch, row in zip(noise(), rows, strict=True))
        return progress_bar(parts, len(starts), "Noise")

    return _cached(["noise", num, digest(next(noise())[:2])], batches, features, needs, device, cache)


def _cached(
    source: Collection[object],
    batches: Callable[[], Iterable[Samples]],
    features: FeatureExtractor,
    needs: Collection[Need],
    device: torch.device,
    cache: str | None,
) -> Statistics:
    """Load the statistics of the images that ``source`` identifies, or compute and cache them."""
    if "images" in needs:
        return gather(features, batches(), needs, device)
    key = digest_of_values(FORMAT, *source, features.protocol, tensor_names(needs))
    path = Path(cache or user_cache_dir("gan")) / f"reference-{key[:16]}.pt"
    cached = _load(path, key)
    if all_true(cached is not None):
        assert cached is not None
        return cached
    statistics = gather(features, batches(), needs, device)
    try:
        _save(path, key, statistics)
    except WriteError as error:
        log.warning("Statistics cannot be cached (%s); the next evaluation computes them again", error)
    return statistics


def _load(path: Path, key: str) -> Statistics | None:
    if not path.is_file():
        return None
    try:
        saved = torch.load(path, weights_only=True)
        tensors: dict[str, Tensor] = saved["statistics"]
        if (saved["key"], saved["digest"]) == (key, digest(tensors.values())):
            return Statistics(int(tensors.pop("count")), tensors)
        reason = "its key or digest is wrong"
    except Exception as error:  # torch raises many types for a damaged file; the remedy is the same
        reason = type(error).__name__
    log.warning("The cached statistics %s are damaged (%s); computing them again", path, reason)
    return None


def _save(path: Path, key: str, statistics: Statistics) -> None:
    tensors = {**statistics.tensors, "count": torch.tensor(statistics.count)}
    with atomic_path(path) as partial:
        torch.save({"key": key, "digest": digest(tensors.values()), "statistics": tensors}, partial)
