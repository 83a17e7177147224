"""Random numbers that follow from a key alone: the same on every resume, and one game on any number of ranks."""

import itertools
from enum import IntEnum

import numpy as np
import torch
from torch import Tensor

__all__ = ["KeyedRandom", "Stream", "derive_seed", "truncated"]


class Stream(IntEnum):
    """What random numbers are for; two streams of one seed and step share nothing."""

    DISCRIMINATOR = 0
    GENERATOR = 1
    AUGMENTATION = 2
    LAYERS = 3
    SAMPLES = 4


def derive_seed(*key: int) -> int:
    """Hash integers to a seed."""
    return int(np.random.SeedSequence((len(key), *key)).generate_state(1, np.uint64)[0]) >> 1


class KeyedRandom:
    """Random numbers for some rows of a batch.

    The numbers of the whole batch are drawn and the wanted rows kept. Ranks that each hold some rows of a batch, or
    micro-batches that it is split in, thus see just the numbers that one process sees for the whole of it.

    Args:
        key: Integers that the numbers follow from, such as seed, step and stream.
        total: Rows of the whole batch.
        rows: The rows to keep, one after the other; all where None.
        device: Where the numbers are drawn.
    """

    def __init__(self, *key: int, total: int, rows: slice | None = None, device: torch.device | str = "cpu") -> None:
        self.key, self.total, self.device = key, total, torch.device(device)
        self.rows = range(*(rows or slice(None)).indices(total)[:2])
        self.generator = torch.Generator(self.device).manual_seed(derive_seed(*key))

    def __len__(self) -> int:
        return len(self.rows)

    def parts(self, number: int) -> list["KeyedRandom"]:
        """Split the rows as ``torch.tensor_split`` does, each part with the numbers that its rows have here."""
        if number == 1:
            return [self]
        size, longer = divmod(len(self), number)
        bounds = [self.rows.start + part * size + min(part, longer) for part in range(number + 1)]
        kept = [slice(*ends) for ends in itertools.pairwise(bounds)]
        return [KeyedRandom(*self.key, total=self.total, rows=rows, device=self.device) for rows in kept]

    def packed(self, number: int) -> "KeyedRandom":
        """Return other rng, with a row for every ``number`` rows here; these themselves where that is one."""
        if number == 1:
            return self
        rows = slice(self.rows.start // number, self.rows.stop // number)
        return KeyedRandom(*self.key, number, total=self.total // number, rows=rows, device=self.device)

    def normal(self, *shape: int) -> Tensor:
        """Draw from N(0, 1), with shape (rows, *shape)."""
        return self._keep(torch.randn(self.total, *shape, generator=self.generator, device=self.device))

    def uniform(self, *shape: int) -> Tensor:
        """Draw from U[0, 1), with shape (rows, *shape)."""
        return self._keep(torch.rand(self.total, *shape, generator=self.generator, device=self.device))

    def _keep(self, numbers: Tensor) -> Tensor:
        return numbers[self.rows.start : self.rows.stop]


def truncated(normal: Tensor, threshold: float) -> Tensor:
    """Turn draws from N(0, 1) into draws from that distribution cut off at ±threshold, each moved as little as it goes.

    A draw keeps its quantile, Φ(z) = (Φ(z') - Φ(-t)) / (Φ(t) - Φ(-t)), so that the same draws change smoothly with the
    threshold t, which drawing anew what lies outside would not.

    Args:
        normal: Of any shape.
        threshold: Above 0.
    """
    tail = torch.special.ndtr(torch.tensor(-threshold, dtype=torch.float64))
    quantile = tail + (1 - 2 * tail) * torch.special.ndtr(normal.double())
    return torch.special.ndtri(quantile).clamp(-threshold, threshold).to(normal.dtype)
