"""Cache of the weights of networks that are trained on a data set once."""

import logging
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from time import perf_counter

from platformdirs import user_cache_dir
from torch import nn

from gan import tensor_file
from gan.formats import duration
from gan.runs.writing import WriteError

__all__ = ["train_once", "weights_path"]

log = logging.getLogger(__name__)


def weights_path(name: str, key: str, cache: str | None) -> Path:
    """Return the file of a network's weights.

    Args:
        name: Name of the network, in the file's name.
        key: All that the weights depend on.
        cache: Folder of the weights; None for the user's cache folder.
    """
    return Path(cache or user_cache_dir("gan")) / f"{name}-{sha256(key.encode()).hexdigest()[:16]}.pt"


def train_once(network: nn.Module, train: Callable[[], None], path: Path, noun: str) -> None:
    """Load a network's weights from a file, or train it and save them there.

    Args:
        network: The network, untrained.
        train: Trains it.
        path: The file.
        noun: Name of the network in messages, such as ``the classifier``.
    """
    if _load(network, path, noun):
        return
    log.info("Training %s for the scores (once per data set)", noun)
    start = perf_counter()
    train()
    log.info("Trained %s in %s", noun, duration(perf_counter() - start))
    try:
        tensor_file.save(network.state_dict(), path)
    except WriteError as error:
        log.warning("The weights of %s cannot be cached (%s); the next run will train again", noun, error)


def _load(network: nn.Module, path: Path, noun: str) -> bool:
    """Load cached weights; return whether that succeeded."""
    if not path.is_file():
        return False
    try:
        network.load_state_dict(tensor_file.load(path))
    except Exception as error:  # torch raises many types for a damaged file; the remedy is the same
        log.warning("The cache %s of %s is damaged (%s); training again", path, noun, type(error).__name__)
        return False
    return True
