"""What every data set shares: loading, the order of images, and the way to a model in [-1, 1] and back."""

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
from gan.images import grid, to_uint8
from gan.keyed_random import KeyedRandom, Stream
from gan.types import Batch

__all__ = ["ImageDataModule", "ImageDataset", "Split", "TensorImages", "collate"]

Split = Literal["train", "test"]
LAST_SECONDS = 10.0  # of a loader's process after a SIGTERM, in which the step at hand should end


class ImageDataset(Dataset[Batch]):
    """A data set of images that is asked for a whole batch of them at a time.

    Images are uint8; float32 where a data set is not of pixels, already scaled to [-1, 1].
    """

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of images."""

    @abstractmethod
    def __getitems__(self, indices: list[int]) -> Batch:
        """Return the images at some indices, with shape (B, C, H, W), and their labels."""


class TensorImages(ImageDataset):
    """Images that are held in memory, decoded once.

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


class Selection(ImageDataset):
    """Some of a data set's images.

    Args:
        dataset: All images.
        indices: Where the wanted ones are among them.
    """

    def __init__(self, dataset: ImageDataset, indices: Sequence[int]) -> None:
        self.dataset, self.indices = dataset, indices

    def __len__(self) -> int:
        return len(self.indices)

    def __getitems__(self, indices: list[int]) -> Batch:
        return self.dataset.__getitems__([self.indices[index] for index in indices])


def collate(batch: Any) -> Batch:
    """Pass on what ``__getitems__`` has put together."""
    assert isinstance(batch, Batch)
    return batch


def ignore_worker_signals(_worker: int) -> None:
    """Let a loader's process live on for a while when a cluster or a terminal signals all of a run, to be saved."""
    for number in (signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end_soon)  # it may come from the parent, too, which then waits for the end


def _end_soon(_number: int, _frame: FrameType | None) -> None:
    timer = Timer(LAST_SECONDS, os._exit, [0])
    timer.daemon = True
    timer.start()


class ImageDataModule(LightningDataModule):
    """A data set in two splits, ``train`` and ``test`` (held out), as batches that are scaled on the device.

    Args:
        image_size: Height and width of images, in pixels.
        channels: 1 for grey, 3 for colour.
        num_classes: Number of classes; 1 where there are none.
        batch_size: Images a batch, on all ranks together.
        flip: Whether half of the training images are mirrored left to right.
        num_workers: Processes that load; 0 suits images in memory.
        seed: What the order of images and their flips follow from.
        limit: Images of the training split that are trained on, from all over it, so of all classes where these lie
            together; None is all. Scores are against the whole split, and a classifier learns from it, so that runs
            with any limit have one measure.

    Attributes:
        pixels: Whether images are of 256 shades, which half precision is fine enough for.

    Raises:
        ValueError: If a number is below its least.
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
        """Load a split, of images with ``image_shape``.

        Raises:
            UserError: If files are missing or cannot be read.
        """

    def split(self, name: Split) -> ImageDataset:
        """Return a split, loaded at its first use.

        Raises:
            UserError: If its images are not what ``channels``, ``image_size`` and ``num_classes`` say.
        """
        if name not in self.splits:
            dataset = self.load(name)
            if len(dataset) < 2:
                raise UserError(f"data: {len(dataset)} images to {name} with are too few")
            first = dataset.__getitems__([0, len(dataset) - 1])
            if first.images.shape[1:] != self.image_shape:
                found = "x".join(map(str, first.images.shape[1:]))
                wanted = "x".join(map(str, self.image_shape))
                raise UserError(f"data.channels and data.image_size say {wanted}, but the images have {found}")
            if isinstance(dataset, TensorImages) and (classes := int(dataset.labels.max()) + 1) > self.num_classes:
                raise UserError(f"data.num_classes={self.num_classes}, but the images have {classes} classes")
            self.splits[name] = dataset
        return self.splits[name]

    @property
    def trained(self) -> Sequence[int]:
        """The indices, in the training split, of the images that are trained on.

        Raises:
            UserError: If the split has fewer than ``limit``.
        """
        size = len(self.split("train"))
        if self.limit is None:
            return range(size)
        if self.limit > size:
            raise UserError(f"data.limit={self.limit} is more than the {size} training images")
        return [number * size // self.limit for number in range(self.limit)]

    def fingerprint(self, split: Split) -> str:
        """Return a hash of all that decides a split's images and labels.

        That is of themselves here; a data set that knows them by less, such as its files, need not load them for it.
        """
        return digest(part for batch in self.batches(split, 1024) for part in batch)

    def prepare_data(self) -> None:
        """Load the training images in one process of each machine, which may fetch them, before others look for them.

        Called by Lightning.
        """
        self.split("train")

    def setup(self, stage: str) -> None:
        """Load the training images; called by Lightning.

        Raises:
            UserError: If there are fewer of them than a batch takes.
        """
        if (size := len(self.trained)) < self.batch_size:
            raise UserError(f"data.batch_size={self.batch_size} is more than the {size} training images")

    def train_dataloader(self) -> DataLoader[Batch]:
        """Return an endless loader of shuffled batches, from where training stands."""
        rank, world = self._rank_and_world()
        dataset = self.split("train")
        if self.limit is not None:
            dataset = Selection(dataset, self.trained)
        order = ShuffledBatches(len(dataset), self.batch_size, self.seed, self.images_seen, rank, world)
        return self._loader(dataset, order, persistent_workers=self.num_workers > 0)

    def batches(self, split: Split, batch_size: int = 256, indices: Sequence[int] | None = None) -> Iterator[Batch]:
        """Yield each image of a split once, or those at some indices, in their order, as the data set holds them."""
        dataset = self.split(split)
        wanted = range(len(dataset)) if indices is None else indices
        yield from self._loader(dataset, [list(wanted[i : i + batch_size]) for i in range(0, len(wanted), batch_size)])

    def discretize(self, images: Tensor) -> Tensor:
        """Return samples, float32 in [-1, 1], as the data set holds its images: with 256 shades."""
        return to_uint8(images)

    def noise(self, num: int, generator: torch.Generator) -> Tensor:
        """Draw images that know nothing of the data, as the data set holds its own, with shape (num, C, H, W)."""
        return torch.randint(256, (num, *self.image_shape), generator=generator, dtype=torch.uint8)

    def picture(self, images: Tensor) -> Tensor:
        """Show samples, in [-1, 1] with shape (N, C, H, W), in one picture, uint8 with shape (3 or C, H', W')."""
        return grid(images)

    def picture_of(self, groups: Mapping[str, Tensor]) -> Tensor:
        """Show named groups of samples, of one size, in one picture as ``picture`` does: a row a group."""
        num = len(next(iter(groups.values())))
        return make_grid(to_uint8(torch.cat(list(groups.values()))), nrow=num, pad_value=255).cpu()

    def _rank_and_world(self) -> tuple[int, int]:
        return (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)

    def _loader(self, dataset: ImageDataset, order: Iterable[list[int]], **settings: Any) -> DataLoader[Batch]:
        own = torch.Generator()  # else a loader draws from the global numbers
        return DataLoader(
            dataset,
            batch_sampler=order,
            collate_fn=collate,
            num_workers=self.num_workers,
            generator=own,
            worker_init_fn=ignore_worker_signals,
            **settings,
        )

    def on_after_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Batch:
        """Scale a training batch's pixels to float32 in [-1, 1], and flip what is to be flipped, on its device."""
        rank, world = self._rank_and_world()
        images, size = batch.images, len(batch.images)
        if images.dtype == torch.uint8:
            images = images.float().div_(127.5).sub_(1)
        if self.flip:
            rows, key = slice(rank * size, (rank + 1) * size), (self.seed, self.images_seen, Stream.AUGMENTATION)
            mirrored = KeyedRandom(*key, total=world * size, rows=rows, device=images.device).uniform(1, 1, 1) < 0.5
            images = torch.where(mirrored, images.flip(3), images)
        self.images_seen += world * size
        return Batch(images, batch.labels)

    def state_dict(self) -> dict[str, Any]:
        """Return how far training has come through the data."""
        return {"images_seen": self.images_seen}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue with the image after the last one that was seen."""
        self.images_seen = state_dict["images_seen"]
