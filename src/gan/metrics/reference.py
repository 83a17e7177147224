"""The statistics of a data set's real images: computed once, kept in a file, and trusted only if it is whole."""

import logging
import os
from collections.abc import Collection
from pathlib import Path

import torch
from platformdirs import user_cache_dir
from torch import Tensor

from gan.data.base import ImageDataModule, Split
from gan.digest import digest, digest_of_facts
from gan.distributed.group import all_agree, share
from gan.metrics.features import FeatureExtractor
from gan.metrics.statistics import Need, Statistics, gather
from gan.progress import progress

__all__ = ["reference"]

log = logging.getLogger(__name__)

FORMAT = "1"  # raise it with every change of what a file holds


def reference(
    features: FeatureExtractor,
    data: ImageDataModule,
    split: Split,
    needs: Collection[Need],
    device: torch.device,
    cache: str | None = None,
) -> Statistics:
    """Load the statistics of a split's images, or compute and keep them.

    Args:
        features: Maps images to features.
        data: Whose images.
        split: Which of them.
        needs: What is kept of each image beside the sums.
        device: Where features are computed.
        cache: The folder that files are kept in; where None, the user's cache folder.
    """
    if not needs:
        return Statistics(len(data.split(split)))
    key = digest_of_facts(FORMAT, data.fingerprint(split), features.protocol, sorted(needs))
    path = Path(cache or user_cache_dir("gan")) / f"reference-{key[:16]}.pt"
    found = _load(path, key)
    if all_agree(found is not None):
        assert found is not None
        return found
    batch_size, places = 256, share(len(data.split(split)))
    batches = progress(data.batches(split, batch_size, places), len(places) / batch_size, "Real images")
    statistics = gather(features, batches, needs, device)
    try:
        _save(path, key, statistics)
    except OSError as error:
        log.warning("The real images' statistics cannot be kept (%s); the next evaluation computes them again", error)
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
