"""Base classes of data sets: splits, loaders, and the conversion between uint8 pixels and [-1, 1]."""

import os
import signal
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from threading import Timer
from types import FrameType
from typing import Any, Literal

import torch
from pytorch_lightning import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.utils import make_grid

from gan.data.order import ShuffledBatches
from gan.digest import digest
from gan.errors import UserError
from gan.host import available_signals
from gan.images import from_uint8, grid, to_uint8
from gan.keyed_random import KeyedRandom, Stream
from gan.types import Batch

__all__ = ["ImageDataModule", "ImageDataset", "Split", "TensorImages", "collate"]

Split = Literal["train", "test"]
SHUTDOWN_SECONDS = 10.0  # after a SIGTERM, a worker still loads, so that the current training step can finish


class ImageDataset(Dataset[Batch]):
    """Data set of images that is indexed by batches.

    Images are uint8, or float32 scaled to [-1, 1] if the data are not pixels.
    """

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of images."""

    @abstractmethod
    def __getitems__(self, indices: list[int]) -> Batch:
        """Return the images at some indices, with shape (B, C, H, W), and their labels, with shape (B,)."""


class TensorImages(ImageDataset):
    """Images held in memory.

    Args:
        images: uint8, or float32 in about [-1, 1], with shape (N, C, H, W).
        labels: int64, with shape (N,).
    """

    def __init__(self, images: Tensor, labels: Tensor) -> None:
        assert images.dtype in (torch.uint8, torch.float32)
        assert images.dim() == 4
        assert len(images) == len(labels)
        self.images, self.labels = images.contiguous(), labels.long()

    def __len__(self) -> int:
        return len(self.images)

    def __getitems__(self, indices: list[int]) -> Batch:
        index = torch.tensor(indices)  # index_select is faster than indexing
        return Batch(self.images.index_select(0, index), self.labels.index_select(0, index))


class ImageSubset(ImageDataset):
    """Subset of an image data set.

    Args:
        dataset: The whole data set.
        indices: Indices of the subset's images in it.
    """

    def __init__(self, dataset: ImageDataset, indices: Sequence[int]) -> None:
        self.dataset, self.indices = dataset, indices

    def __len__(self) -> int:
        return len(self.indices)

    def __getitems__(self, indices: list[int]) -> Batch:
        return self.dataset.__getitems__([self.indices[index] for index in indices])


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


class ImageDataModule(LightningDataModule):
    """Data module with the splits ``train`` and ``test`` (held out); batches are scaled to [-1, 1] on the device.

    Args:
        image_size: Height and width of images, in pixels.
        channels: 1 for greyscale, 3 for colour.
        num_classes: Number of classes; 1 for unlabelled data.
        batch_size: Images per batch, summed over all ranks.
        flip: Whether training images are mirrored horizontally with probability 1/2.
        num_workers: Number of loading processes; 0 is best for images in memory.
        seed: Seed of the image order and the flips.
        limit: Number of training images that are trained on, evenly spaced over the split, so that data sorted by
            class keep all classes; None for all. Scores and the feature classifier always use the whole split, so
            that runs with different limits are comparable.

    Attributes:
        pixels: Whether the data are images with 256 levels, for which half precision suffices.

    Raises:
        ValueError: If an argument is below its minimum.
    """

    pixels = True

    def __init__(
        self,
        image_size: int,
        channels: int,
        num_classes: int,
        batch_size: int = 64,
        flip: bool = False,
        num_workers: int = 0,
        seed: int = 0,
        limit: int | None = None,
    ) -> None:
        super().__init__()
        if min(image_size, channels, num_classes, batch_size) < 1 or num_workers < 0:
            raise ValueError("image_size, channels, num_classes and batch_size must be at least 1, num_workers 0")
        if limit is not None and limit < 1:
            raise ValueError(f"limit must be at least 1, not {limit}")
        self.image_size, self.channels, self.num_classes = image_size, channels, num_classes
        self.batch_size, self.flip, self.num_workers, self.seed = batch_size, flip, num_workers, seed
        self.limit = limit
        self.images_seen = 0
        self.splits: dict[str, ImageDataset] = {}

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of an image."""
        return self.channels, self.image_size, self.image_size

    @abstractmethod
    def load(self, split: Split) -> ImageDataset:
        """Load a split; its images have the shape ``image_shape``.

        Raises:
            UserError: If files are missing or unreadable.
        """

    def split(self, name: Split) -> ImageDataset:
        """Return a split; it is loaded on first use.

        Raises:
            UserError: If its images do not match ``channels``, ``image_size`` and ``num_classes``.
        """
        if name not in self.splits:
            dataset = self.load(name)
            if len(dataset) < 2:
                raise UserError(f"data: the {name} split has {len(dataset)} images, and needs at least 2")
            first = dataset.__getitems__([0, len(dataset) - 1])
            if first.images.shape[1:] != self.image_shape:
                actual = "x".join(map(str, first.images.shape[1:]))
                expected = "x".join(map(str, self.image_shape))
                raise UserError(f"data.channels and data.image_size say {expected}, but the images have {actual}")
            if isinstance(dataset, TensorImages) and (classes := int(dataset.labels.max()) + 1) > self.num_classes:
                raise UserError(f"data.num_classes={self.num_classes}, but the images have {classes} classes")
            self.splits[name] = dataset
        return self.splits[name]

    @property
    def training_indices(self) -> Sequence[int]:
        """Indices, in the training split, of the images that are trained on.

        Raises:
            UserError: If the split has fewer than ``limit`` images.
        """
        size = len(self.split("train"))
        if self.limit is None:
            return range(size)
        if self.limit > size:
            raise UserError(f"data.limit={self.limit} is more than the {size} training images")
        return [index * size // self.limit for index in range(self.limit)]

    def fingerprint(self, split: Split) -> str:
        """Return a hash that identifies a split's images and labels.

        By default this hashes the images themselves. A data set that can be identified by less, such as file names and
        versions, may override this to avoid loading them.
        """
        return digest(part for batch in self.batches(split, 1024) for part in batch)

    def prepare_data(self) -> None:
        """Load, and possibly download, the training images; Lightning calls this in one process per machine."""
        self.split("train")

    def setup(self, stage: str) -> None:
        """Load the training images; Lightning calls this in every process.

        Raises:
            UserError: If there are fewer images than ``batch_size``.
        """
        if (size := len(self.training_indices)) < self.batch_size:
            raise UserError(f"data.batch_size={self.batch_size} is more than the {size} training images")

    def train_dataloader(self) -> DataLoader[Batch]:
        """Return an endless loader of shuffled batches that starts after the images already seen."""
        rank, world = self._rank_and_world()
        dataset = self.split("train")
        if self.limit is not None:
            dataset = ImageSubset(dataset, self.training_indices)
        order = ShuffledBatches(len(dataset), self.batch_size, self.seed, self.images_seen, rank, world)
        return self._loader(dataset, order, persistent_workers=self.num_workers > 0)

    def batches(self, split: Split, batch_size: int = 256, indices: Sequence[int] | None = None) -> Iterator[Batch]:
        """Yield the images of a split once and in order, or those at some indices, as stored in the data set."""
        dataset = self.split(split)
        if indices is None:
            indices = range(len(dataset))
        order = [list(indices[start : start + batch_size]) for start in range(0, len(indices), batch_size)]
        yield from self._loader(dataset, order)

    def discretize(self, images: Tensor) -> Tensor:
        """Convert samples, float32 in [-1, 1], to the data set's representation: uint8."""
        return to_uint8(images)

    def noise(self, num: int, generator: torch.Generator) -> Tensor:
        """Draw images of uniform noise in the data set's representation, with shape (num, C, H, W); a baseline."""
        return torch.randint(256, (num, *self.image_shape), generator=generator, dtype=torch.uint8)

    def picture(self, images: Tensor) -> Tensor:
        """Arrange samples, in [-1, 1] with shape (N, C, H, W), in one picture, uint8 with shape (3 or C, H', W')."""
        return grid(images)

    def picture_of(self, groups: Mapping[str, Tensor]) -> Tensor:
        """Arrange named groups of samples, all of one size, in one picture: one row per group."""
        num = len(next(iter(groups.values())))
        return make_grid(to_uint8(torch.cat(list(groups.values()))), nrow=num, pad_value=255).cpu()

    def _rank_and_world(self) -> tuple[int, int]:
        return (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)

    def _loader(self, dataset: ImageDataset, order: Iterable[list[int]], **settings: Any) -> DataLoader[Batch]:
        return DataLoader(
            dataset,
            batch_sampler=order,
            collate_fn=collate,
            num_workers=self.num_workers,
            generator=torch.Generator(),  # by default a loader draws from the global generator
            worker_init_fn=ignore_worker_signals,
            **settings,
        )

    def on_after_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Batch:
        """Scale a training batch to float32 in [-1, 1] and apply random flips, on the batch's device."""
        rank, world = self._rank_and_world()
        images, size = batch.images, len(batch.images)
        if images.dtype == torch.uint8:
            images = from_uint8(images)
        if self.flip:
            rows, key = slice(rank * size, (rank + 1) * size), (self.seed, self.images_seen, Stream.AUGMENTATION)
            mirrored = KeyedRandom(*key, total=world * size, rows=rows, device=images.device).uniform(1, 1, 1) < 0.5
            images = torch.where(mirrored, images.flip(3), images)
        self.images_seen += world * size
        return Batch(images, batch.labels)

    def state_dict(self) -> dict[str, Any]:
        """Return the number of training images seen."""
        return {"images_seen": self.images_seen}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue after the last image seen."""
        self.images_seen = state_dict["images_seen"]
