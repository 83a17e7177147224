"""The order in which training sees images: shuffled anew each epoch, without end, and known from a seed alone."""

from collections.abc import Iterator

import numpy as np
from torch.utils.data import Sampler

__all__ = ["ShuffledBatches"]


class ShuffledBatches(Sampler[list[int]]):
    """Endless batches of indices, in which each image comes once an epoch.

    A batch may span two epochs, so that none is smaller and no image is left out. All ranks walk the same order, each
    taking its block of every batch; together they see what one process would.

    Args:
        length: Number of images.
        batch_size: Images a batch, on all ranks together.
        seed: What the order follows from.
        start: Images that were seen before, where a run is resumed.
        rank: Which of the ranks this is.
        world: Number of ranks.

    Raises:
        ValueError: If the ranks cannot share a batch evenly.
    """

    def __init__(self, length: int, batch_size: int, seed: int, start: int = 0, rank: int = 0, world: int = 1) -> None:
        if batch_size % world:
            raise ValueError(f"a batch of {batch_size} cannot be shared evenly by {world} ranks")
        self.length, self.batch_size, self.seed, self.start = length, batch_size, seed, start
        self.mine = slice(rank * batch_size // world, (rank + 1) * batch_size // world)

    def __iter__(self) -> Iterator[list[int]]:
        epoch, place = divmod(self.start, self.length)
        ahead = self._permutation(epoch)[place:]
        while True:
            while len(ahead) < self.batch_size:
                epoch += 1
                ahead = np.concatenate([ahead, self._permutation(epoch)])
            batch, ahead = ahead[: self.batch_size], ahead[self.batch_size :]
            yield batch[self.mine].tolist()

    def _permutation(self, epoch: int) -> np.ndarray:
        return np.random.default_rng([self.seed, epoch]).permutation(self.length)
