"""Data sets that are indexed by batches, and their loading processes."""

import os
import signal
from abc import abstractmethod
from collections.abc import Sequence
from threading import Timer
from types import FrameType
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from gan.data.order import Blocks
from gan.host import available_signals
from gan.types import Batch, Condition, map_tensors

__all__ = ["ImageDataset", "ImageSubset", "TensorImages", "collate", "ignore_worker_signals"]

SHUTDOWN_SECONDS = 10.0  # after a SIGTERM, a worker still loads, so that the current training step can finish


class ImageDataset(Dataset[Batch]):
    """Data set that is indexed by batches.

    Images are uint8, or float32 scaled to [-1, 1] if the data are not pixels.

    Attributes:
        counts_epochs: Whether the length is added to an index with each epoch, so that rows can vary between epochs.
        blocks: Blocks of rows that are to be read together; None for rows that are read in any order.
    """

    counts_epochs = False
    blocks: Blocks | None = None

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of images."""

    @abstractmethod
    def __getitems__(self, indices: list[int]) -> Batch:
        """Return the rows at some indices: images, with shape (B, C, H, W), labels, and a condition if there is one."""


class TensorImages(ImageDataset):
    """Images held in memory.

    Args:
        images: uint8, or float32 in about [-1, 1], with shape (N, C, H, W).
        labels: int64, with shape (N,).
        condition: Condition of each image, with N rows; images are uint8 or float32 as above.
    """

    def __init__(self, images: Tensor, labels: Tensor, condition: Condition | None = None) -> None:
        assert images.dtype in (torch.uint8, torch.float32)
        assert images.dim() == 4
        assert len(images) == len(labels)
        self.images, self.labels = images.contiguous(), labels.long()
        self.condition = map_tensors(Tensor.contiguous, condition)

    def __len__(self) -> int:
        return len(self.images)

    def __getitems__(self, indices: list[int]) -> Batch:
        index = torch.tensor(indices)  # index_select is faster than indexing
        return Batch(self.images, self.labels, self.condition).map(lambda x: x.index_select(0, index))


class ImageSubset(ImageDataset):
    """Subset of an image data set.

    Args:
        dataset: The whole data set.
        indices: Indices of the subset's images in it.
    """

    def __init__(self, dataset: ImageDataset, indices: Sequence[int]) -> None:
        self.dataset, self.indices = dataset, indices
        self.counts_epochs = dataset.counts_epochs
        self.blocks = None if dataset.blocks is None else dataset.blocks.select(indices)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitems__(self, indices: list[int]) -> Batch:
        places = [divmod(index, len(self.indices)) for index in indices]
        return self.dataset.__getitems__([self.indices[row] + epoch * len(self.dataset) for epoch, row in places])


def collate(batch: Any) -> Batch:
    """Return the batch, which ``__getitems__`` has already collated."""
    assert isinstance(batch, Batch)
    return batch


def ignore_worker_signals(_worker: int) -> None:
    """Keep a loader's worker running when a cluster or terminal signals all processes, so that the run can save.

    SIGTERM ends the worker after a delay: the parent also sends it, and then waits for the worker to exit.
    """
    for number in available_signals("SIGINT", "SIGUSR1", "SIGUSR2"):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _exit_later)


def _exit_later(_number: int, _frame: FrameType | None) -> None:
    timer = Timer(SHUTDOWN_SECONDS, os._exit, [0])
    timer.daemon = True
    timer.start()
