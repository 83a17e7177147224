"""Random numbers that are the same each time, for measures that draw subsets of the images."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["repeatable"]


@contextmanager
def repeatable(seed: int = 0) -> Iterator[None]:
    """Draw the same random numbers on the CPU whenever it is entered, and leave the run's own as they were."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would seed every GPU too
        yield
