"""The statistics of what samples are compared with, real images and noise: kept in files, trusted only if whole."""

import logging
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

import torch
from platformdirs import user_cache_dir
from torch import Tensor

from gan.data.base import ImageDataModule, Split
from gan.digest import digest, digest_of_values
from gan.distributed.group import all_true, rank_range
from gan.features.base import FeatureExtractor
from gan.metrics.statistics import Need, Statistics, gather
from gan.progress import progress_bar
from gan.types import Batch

__all__ = ["noise_reference", "reference"]

log = logging.getLogger(__name__)

BATCH_SIZE = 256
FORMAT = "1"  # raise it with every change of what a file holds


def reference(
    features: FeatureExtractor,
    data: ImageDataModule,
    split: Split,
    needs: Collection[Need],
    device: torch.device,
    cache: str | None = None,
    limit: int | None = None,
) -> Statistics:
    """Load the statistics of a split's images, or compute and keep them.

    Args:
        features: Maps images to features.
        data: Whose images.
        split: Which of them.
        needs: What is kept of each image beside the sums.
        device: Where features are computed.
        cache: The folder that files are kept in; where None, the user's cache folder.
        limit: Images that are enough, which are taken from all over the split; where None, all are looked at.
    """
    if not needs:
        return Statistics(len(data.split(split)))

    def batches() -> Iterable[Batch]:
        size = len(data.split(split))
        indices = range(0, size, 1 if limit is None else -(-size // limit))
        mine = rank_range(len(indices))
        own = indices[mine.start : mine.stop]
        name = "Real images" if split == "train" else "Held-out images"
        return progress_bar(data.batches(split, BATCH_SIZE, own), len(own) / BATCH_SIZE, name)

    facts = [data.fingerprint(split), *([] if limit is None else [limit])]
    return _kept(features, facts, batches, needs, device, cache)


def noise_reference(
    features: FeatureExtractor,
    data: ImageDataModule,
    num: int,
    needs: Collection[Need],
    device: torch.device,
    cache: str | None = None,
) -> Statistics:
    """Load the statistics of ``num`` images of noise, the same ones each time, or compute and keep them.

    The other arguments are those of ``reference``. As labels, the noise has each class in turn.
    """

    def drawn() -> Iterator[Batch]:
        generator = torch.Generator().manual_seed(0)
        for start in range(0, num, BATCH_SIZE):
            indices = torch.arange(start, min(start + BATCH_SIZE, num))
            yield Batch(data.noise(len(indices), generator), indices % data.num_classes)

    def batches() -> Iterable[Batch]:
        mine, blocks = rank_range(num), range(0, num, BATCH_SIZE)
        rows = (slice(max(mine.start - start, 0), max(mine.stop - start, 0)) for start in blocks)
        own = (Batch(*(part[row] for part in batch)) for batch, row in zip(drawn(), rows, strict=True))
        return progress_bar(own, len(blocks), "Noise")

    return _kept(features, ["noise", num, digest(next(drawn()))], batches, needs, device, cache)


def _kept(
    features: FeatureExtractor,
    facts: Collection[object],
    batches: Callable[[], Iterable[Batch]],
    needs: Collection[Need],
    device: torch.device,
    cache: str | None,
) -> Statistics:
    """Load the statistics of the images that some facts tell from all others, or compute and keep them."""
    key = digest_of_values(FORMAT, *facts, features.protocol, sorted(needs))
    path = Path(cache or user_cache_dir("gan")) / f"reference-{key[:16]}.pt"
    found = _load(path, key)
    if all_true(found is not None):
        assert found is not None
        return found
    statistics = gather(features, batches(), needs, device)
    try:
        _save(path, key, statistics)
    except OSError as error:
        log.warning("Statistics cannot be kept (%s); the next evaluation computes them again", error)
    return statistics


def _load(path: Path, key: str) -> Statistics | None:
    if not path.is_file():
        return None
    try:
        saved = torch.load(path, weights_only=True)
        tensors: dict[str, Tensor] = saved["statistics"]
        if (saved["key"], saved["digest"]) == (key, digest(tensors.values())):
            return Statistics(int(tensors.pop("count")), **tensors)
        reason = "it holds something else"
    except Exception as error:  # whatever damaged the file, the cure is the same
        reason = type(error).__name__
    log.warning("The cached statistics %s are damaged (%s); computing them again", path, reason)
    return None


def _save(path: Path, key: str, statistics: Statistics) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = statistics.tensors() | {"count": torch.tensor(statistics.count)}
    partial = path.with_suffix(f".{os.getpid()}")
    torch.save({"key": key, "digest": digest(tensors.values()), "statistics": tensors}, partial)
    partial.replace(path)
