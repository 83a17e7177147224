"""Order of the training images, a function of the seed alone; evenly spaced and held-out subsets."""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, TypeVar, overload

import numpy as np
from torch.utils.data import Sampler

__all__ = ["Blocks", "Selection", "ShuffledBatches", "evenly_spaced", "hold_out"]

Item = TypeVar("Item", covariant=True)


class Blocks(NamedTuple):
    """Consecutive rows that are stored together, such as those of one file, and are to be read together.

    Attributes:
        starts: Index of the first row of each block, ascending from 0, with shape (number of blocks,).
        mixed: Number of blocks whose rows are shuffled together.
    """

    starts: np.ndarray
    mixed: int

    def select(self, indices: Sequence[int]) -> "Blocks":
        """Return the blocks of the rows at some indices, in ascending order."""
        starts = np.unique(np.searchsorted(np.asarray(indices), self.starts))
        return self._replace(starts=starts[starts < len(indices)])

    def permutation(self, length: int, rng: np.random.Generator) -> np.ndarray:
        """Return a permutation of ``length`` rows: blocks are shuffled, and then the rows of ``mixed`` at a time."""
        blocks = np.split(np.arange(length), self.starts[1:])
        order = rng.permutation(len(blocks))
        parts = [order[first : first + self.mixed] for first in range(0, len(order), self.mixed)]
        return np.concatenate([rng.permutation(np.concatenate([blocks[block] for block in part])) for part in parts])


class Selection(Sequence[Item]):
    """Items of a sequence at some indices.

    Args:
        items: The sequence.
        indices: The indices.
    """

    def __init__(self, items: Sequence[Item], indices: Sequence[int]) -> None:
        self.items, self.indices = items, np.asarray(indices, np.int64)

    def __len__(self) -> int:
        return len(self.indices)

    @overload
    def __getitem__(self, index: int) -> Item: ...

    @overload
    def __getitem__(self, index: slice) -> "Selection[Item]": ...

    def __getitem__(self, index: int | slice) -> "Item | Selection[Item]":
        if isinstance(index, slice):
            return Selection(self.items, self.indices[index].tolist())
        return self.items[int(self.indices[index])]


class ShuffledBatches(Sampler[list[int]]):
    """Endless sampler of index batches in which each image occurs once per epoch.

    A batch may span two epochs, so that all batches are full and no image is dropped. All ranks follow the same order,
    and each takes its block of every batch; together they see the same batches as one process would.

    Args:
        length: Number of images.
        batch_size: Images per batch, summed over all ranks.
        seed: Seed of the order.
        start: Number of images seen before, when a run is resumed.
        rank: Index of this rank.
        world: Number of ranks.
        count_epochs: Whether an index grows by ``length`` with each epoch.
        blocks: Blocks of images that are read together, so that few files are read at a time; None for one block.

    Raises:
        ValueError: If the batch size is not divisible by the number of ranks.
    """

    def __init__(
        self,
        length: int,
        batch_size: int,
        seed: int,
        start: int = 0,
        rank: int = 0,
        world: int = 1,
        count_epochs: bool = False,
        blocks: Blocks | None = None,
    ) -> None:
        if batch_size % world:
            raise ValueError(f"a batch of {batch_size} cannot be shared evenly by {world} ranks")
        self.length, self.batch_size, self.seed, self.start = length, batch_size, seed, start
        self.count_epochs, self.blocks = count_epochs, blocks
        self.rows = slice(rank * batch_size // world, (rank + 1) * batch_size // world)

    def __iter__(self) -> Iterator[list[int]]:
        epoch, offset = divmod(self.start, self.length)
        pending = self._permutation(epoch)[offset:]
        while True:
            while len(pending) < self.batch_size:
                epoch += 1
                pending = np.concatenate([pending, self._permutation(epoch)])
            batch, pending = pending[: self.batch_size], pending[self.batch_size :]
            yield batch[self.rows].tolist()

    def _permutation(self, epoch: int) -> np.ndarray:
        rng = np.random.default_rng([self.seed, epoch])
        order = rng.permutation(self.length) if self.blocks is None else self.blocks.permutation(self.length, rng)
        return order + epoch * self.length if self.count_epochs else order


def evenly_spaced(size: int, limit: int) -> range:
    """Return at most ``limit`` evenly spaced indices below ``size``; they cover all classes of sorted images."""
    return range(0, size, -(-size // limit))


def hold_out(size: int, share: float, split: Literal["train", "test"]) -> list[int]:
    """Return the indices of a split of ``size`` rows, of which a fixed random share, and at least two, are held out."""
    order = np.random.default_rng(0).permutation(size)
    held_out = max(2, round(share * size))
    return np.sort(order[held_out:] if split == "train" else order[:held_out]).tolist()
