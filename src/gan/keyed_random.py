"""Keyed random numbers: a function of seed, step and stream, identical after resuming and on any number of ranks."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from enum import IntEnum
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from gan.float64 import to_float64

__all__ = ["KeyedRandom", "Stream", "derive_seed", "rows_at", "temporary_seed", "truncate_normal"]


class Stream(IntEnum):
    """Purposes of random numbers; the streams of one seed and step are independent."""

    DISCRIMINATOR = 0
    GENERATOR = 1
    AUGMENTATION = 2
    LAYERS = 3
    SAMPLES = 4
    CONDITIONS = 5
    TRANSLATIONS = 6


def derive_seed(*key: int) -> int:
    """Hash integers to a seed."""
    return int(np.random.SeedSequence((len(key), *key)).generate_state(1, np.uint64)[0]) >> 1


class KeyedRandom:
    """Random numbers for some rows of a batch.

    The numbers of the whole batch are drawn, and only the requested rows are kept. Ranks and micro-batches therefore
    get the numbers that a single process would use for the same rows.

    Args:
        key: Integers that determine the numbers, such as seed, step and stream.
        total: Rows of the whole batch.
        rows: Contiguous rows to keep; None keeps all.
        device: Device on which the numbers are drawn.
    """

    def __init__(self, *key: int, total: int, rows: slice | None = None, device: torch.device | str = "cpu") -> None:
        self.key, self.total, self.device = key, total, torch.device(device)
        self.rows = range(*(rows or slice(None)).indices(total)[:2])

    @cached_property
    def generator(self) -> torch.Generator:
        """Generator of the numbers, seeded at first use."""
        return torch.Generator(self.device).manual_seed(derive_seed(*self.key))

    def __len__(self) -> int:
        return len(self.rows)

    def parts(self, number: int) -> list["KeyedRandom"]:
        """Split the rows as ``torch.tensor_split`` does; each row keeps its numbers."""
        if number == 1:
            return [self]
        size, remainder = divmod(len(self), number)
        bounds = [self.rows.start + part * size + min(part, remainder) for part in range(number + 1)]
        slices = [slice(*ends) for ends in itertools.pairwise(bounds)]
        return [KeyedRandom(*self.key, total=self.total, rows=rows, device=self.device) for rows in slices]

    def clone(self) -> "KeyedRandom":
        """Return a copy that draws the same numbers from here on."""
        twin = copy(self)
        twin.generator = torch.Generator(self.device).set_state(self.generator.get_state())
        return twin

    def packed(self, number: int) -> "KeyedRandom":
        """Return independent random numbers with one row per pack of ``number`` rows; ``self`` if that is 1."""
        if number == 1:
            return self
        rows = slice(self.rows.start // number, self.rows.stop // number)
        return KeyedRandom(*self.key, number, total=self.total // number, rows=rows, device=self.device)

    def normal(self, *shape: int) -> Tensor:
        """Draw from N(0, 1), with shape (rows, *shape)."""
        return self._select_rows(torch.randn(self.total, *shape, generator=self.generator, device=self.device))

    def uniform(self, *shape: int) -> Tensor:
        """Draw from U[0, 1), with shape (rows, *shape)."""
        return self._select_rows(torch.rand(self.total, *shape, generator=self.generator, device=self.device))

    def _select_rows(self, numbers: Tensor) -> Tensor:
        return numbers[self.rows.start : self.rows.stop]


class _RowsAt(KeyedRandom):
    """Random numbers of rows at any indices."""

    def __init__(self, *key: int, total: int, indices: list[int], device: torch.device | str) -> None:
        super().__init__(*key, total=total, device=device)
        self.indices = indices

    def __len__(self) -> int:
        return len(self.indices)

    def _select_rows(self, numbers: Tensor) -> Tensor:
        return numbers[self.indices]


def rows_at(*key: int, total: int, indices: list[int], device: torch.device | str = "cpu") -> KeyedRandom:
    """Return the random numbers of a data set's rows at any indices; they cannot be split into parts or packs.

    Args:
        key: Integers that determine the numbers.
        total: Rows of the data set.
        indices: Rows to keep, in any order.
        device: Device on which the numbers are drawn.
    """
    return _RowsAt(*key, total=total, indices=indices, device=device)


def truncate_normal(normal: Tensor, threshold: float) -> Tensor:
    """Map draws from N(0, 1) to N(0, 1) truncated at ±threshold.

    Each draw z' keeps its quantile: Φ(z) = (Φ(z') - Φ(-t)) / (Φ(t) - Φ(-t)). The result is therefore a smooth function
    of the threshold t, unlike with rejection sampling.

    Args:
        normal: Draws, of any shape.
        threshold: Above 0.
    """
    tail = torch.special.ndtr(torch.tensor(-threshold, dtype=torch.float64))
    quantile = tail + (1 - 2 * tail) * torch.special.ndtr(to_float64(normal))
    return torch.special.ndtri(quantile).clamp(-threshold, threshold).to(normal)


@contextmanager
def temporary_seed(seed: int) -> Iterator[None]:
    """Seed the CPU's global generator within a block, and restore its state afterwards."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would also seed every GPU
        yield
