"""Base class of data modules of any kind: splits, loaders, and the order of rows."""

import math
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Literal

import torch
from pytorch_lightning import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader

from gan.bounds import BatchSize, Classes, PositiveInt, Seed, Workers
from gan.data.dataset import ImageDataset, ImageSubset, TensorImages, collate, ignore_worker_signals
from gan.data.order import ShuffledBatches
from gan.data.workers import workers_that_fit
from gan.digest import digest
from gan.errors import UserError
from gan.keyed_random import KeyedRandom, Stream, rows_at
from gan.types import Batch, Request, Samples, map_tensors

__all__ = ["DataModule", "DrawnBaseline", "Split", "TrivialBaseline"]

Split = Literal["train", "test"]

TrivialBaseline = Callable[[Request], Tensor]
"""Map from the conditions of rows to images, in the form in which a model generates them."""

DrawnBaseline = Callable[[int, torch.Generator], Tensor]
"""Map from a number of samples and random numbers to rows, in the form in which the data set stores them."""


class DataModule(LightningDataModule):
    """Data module with the splits ``train`` and ``test`` (held out); batches are scaled and augmented on the device.

    Args:
        num_classes: Number of classes; 1 for unlabelled data.
        batch_size: Rows per batch, summed over all ranks.
        num_workers: Number of loading processes; 0 is best for data in memory.
        seed: Seed of the order of rows and of augmentation.
        limit: Number of training rows that are trained on, evenly spaced over the split, so that data sorted by
            class keep all classes; None for all. Scores and the feature classifier always use the whole split, so
            that runs with different limits are comparable.

    Attributes:
        noun: Noun of what a model generates, for messages: images, points or sentences.
        pixels: Whether the data are images with 256 levels, for which half precision suffices.
        images_seen: Training rows seen so far, on all ranks together.
    """

    noun: ClassVar[str] = "images"
    pixels = False

    def __init__(
        self,
        num_classes: Classes = 1,
        batch_size: BatchSize = 64,
        num_workers: Workers = 0,
        seed: Seed = 0,
        limit: PositiveInt | None = None,
    ) -> None:
        super().__init__()
        self.num_classes, self.batch_size, self.num_workers = num_classes, batch_size, num_workers
        self.seed, self.limit = seed, limit
        self.images_seen = 0
        self.splits: dict[str, ImageDataset] = {}

    # Kinds of data define these --------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def output_shape(self) -> tuple[int, ...]:
        """Shape of a row that the generator is to produce, such as (C, H, W)."""

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Shape of a row as it is shown and scored; the default is that which is generated."""
        return self.output_shape

    @property
    def source_shape(self) -> tuple[int, int, int] | None:
        """Channels, height and width of a condition that is an image; None if there is none."""
        return None

    @property
    def scored(self) -> "DataModule":
        """Data module whose rows are the real ones that samples are scored against, each of them once."""
        return self

    @abstractmethod
    def load(self, split: Split) -> ImageDataset:
        """Load a split; its rows have the shape ``output_shape``, unless ``make_condition`` changes it.

        Raises:
            UserError: If files are missing or unreadable.
        """

    def scale_batch(self, batch: Batch) -> Batch:
        """Convert a batch as stored to the form that a model takes; the default changes nothing."""
        return batch

    def augment_batch(self, batch: Batch, rng: KeyedRandom) -> Batch:
        """Change a scaled training batch at random, an image and its condition alike; the default changes nothing."""
        return batch

    def make_condition(self, batch: Batch, rng: KeyedRandom) -> Batch:
        """Derive the condition, and the row to generate, from a scaled and augmented batch.

        The default changes nothing; data whose conditions are made on the fly override this.

        Args:
            batch: Scaled rows, as augmented in training.
            rng: Random numbers, one row per image: of the step in training, of the row for held-out rows.
        """
        return batch

    def complete(self, samples: Samples) -> Samples:
        """Return samples in the form in which they are shown and scored, in [-1, 1]; the default changes nothing.

        Data whose model generates a part of an image, such as its colours, join it with the condition here.
        """
        return samples

    def discretize(self, images: Tensor) -> Tensor:
        """Convert samples to the form in which the data set stores its rows; the default changes nothing."""
        return images

    @abstractmethod
    def noise(self, num: int, generator: torch.Generator) -> Tensor:
        """Draw noise in the data set's form, with shape (num, *output_shape); a baseline."""

    @abstractmethod
    def picture(self, images: Tensor) -> Tensor:
        """Arrange samples, with shape (N, *output_shape), in one picture, uint8 with shape (3 or C, H', W')."""

    @abstractmethod
    def picture_of(self, groups: Mapping[str, Tensor]) -> Tensor:
        """Arrange named groups of samples, all of one size, in one picture."""

    def picture_of_samples(self, samples: Samples) -> Tensor:
        """Arrange completed samples in one picture, with conditions that can be shown; by default without."""
        return self.picture(self.complete(samples).images)

    def sample_lines(self, samples: Samples) -> list[str] | None:
        """Return samples as text, one line each; the default, None, shows them in pictures."""
        return None

    def usage(self, conditional: bool) -> list[str]:
        """Return a command that uses a trained generator, with or without a condition: its module, then options."""
        return ["sample", "--num", "64", "--out", "grid.png"]

    def trivial_baselines(self) -> dict[str, TrivialBaseline]:
        """Return trivial generators by name, such as a copy of the source image, which a model should beat."""
        return {}

    def drawn_baselines(self) -> dict[str, DrawnBaseline]:
        """Return trivial generators without a condition by name, such as words at their frequencies."""
        return {}

    def check(self, dataset: ImageDataset) -> None:
        """Check that a data set has the shapes and classes of this module.

        Raises:
            UserError: If it has others.
        """
        if isinstance(dataset, TensorImages) and (classes := int(dataset.labels.max()) + 1) > self.num_classes:
            raise UserError(f"data.num_classes={self.num_classes}, but the images have {classes} classes")

    # Splits ----------------------------------------------------------------------------------------------------------

    def split(self, name: Split) -> ImageDataset:
        """Return a split; it is loaded and checked on first use.

        Raises:
            UserError: If it has fewer than two rows, or others than this module describes.
        """
        if name not in self.splits:
            dataset = self.load(name)
            if len(dataset) < 2:
                raise UserError(f"data: the {name} split has {len(dataset)} {self.noun}, and needs at least 2")
            self.check(dataset)
            self.splits[name] = dataset
        return self.splits[name]

    @property
    def training_indices(self) -> Sequence[int]:
        """Indices, in the training split, of the rows that are trained on.

        Raises:
            UserError: If the split has fewer than ``limit`` rows.
        """
        size = len(self.split("train"))
        if self.limit is None:
            return range(size)
        if self.limit > size:
            raise UserError(f"data.limit={self.limit} is more than the {size} training {self.noun}")
        return [index * size // self.limit for index in range(self.limit)]

    @property
    def training_rows(self) -> ImageDataset:
        """The rows that are trained on, before ``limit``; the default is the training split."""
        return self.split("train")

    def fingerprint(self, split: Split) -> str:
        """Return a hash that identifies a split's rows.

        A data set that can be identified by less than its rows, such as file names and versions, may override this.
        """
        return digest(part for batch in self.batches(split, 1024) for part in batch.tensors())

    def batches(self, split: Split, batch_size: int = 256, indices: Sequence[int] | None = None) -> Iterator[Batch]:
        """Yield the rows of a split once and in order, or those at some indices, as stored in the data set."""
        dataset = self.split(split)
        indices = range(len(dataset)) if indices is None else indices
        order = [list(indices[start : start + batch_size]) for start in range(0, len(indices), batch_size)]
        yield from self._loader(dataset, order)

    @property
    def num_requests(self) -> int:
        """Number of held-out rows that ``requests`` cycles through."""
        return len(self.split("test"))

    def requests(self, indices: range) -> Request:
        """Return the conditions of held-out rows for samples at some indices, which cycle through the split.

        Raises:
            UserError: If the data have no condition.
        """
        dataset = self.split("test")
        chosen = [index % len(dataset) for index in indices]
        rng = rows_at(Stream.CONDITIONS, total=len(dataset), indices=chosen)
        rows = self.make_condition(self.scale_batch(dataset.__getitems__(chosen)), rng)
        if rows.condition is None:
            raise UserError(f"the model generates from a condition, but {type(self).__name__} has none")
        return Request(rows.condition, rows.labels, rows.real, torch.tensor(chosen))

    def discretize_samples(self, samples: Samples) -> Samples:
        """Return completed samples with images and real rows in the form in which the data set stores them."""
        samples = self.complete(samples)
        return samples._replace(images=self.discretize(samples.images), real=map_tensors(self.discretize, samples.real))

    # Lightning's hooks -----------------------------------------------------------------------------------------------

    def prepare_data(self) -> None:
        """Load, and possibly download, the training rows; Lightning calls this in one process per machine."""
        self.split("train")

    def setup(self, stage: str) -> None:
        """Load the training rows, in every process; a UserError says that they are fewer than ``batch_size``."""
        if (size := len(self.training_indices)) < self.batch_size:
            limit = "" if self.limit is None else f" of data.limit={self.limit}"
            raise UserError(f"data.batch_size={self.batch_size} is more than the {size} training {self.noun}{limit}")

    def train_dataloader(self) -> DataLoader[Batch]:
        """Return an endless loader of shuffled batches that starts after the rows already seen."""
        rank, world = self._rank_and_world()
        dataset = self.training_rows
        if self.limit is not None:
            dataset = ImageSubset(dataset, self.training_indices)
        place = (self.seed, self.images_seen, rank, world, dataset.counts_epochs, dataset.blocks)
        order = ShuffledBatches(len(dataset), self.batch_size, *place)
        return self._loader(dataset, order, persistent=True)

    def on_after_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Batch:
        """Scale and augment a training batch on its device, and make its condition."""
        rank, world = self._rank_and_world()
        size = batch.size
        rows, key = slice(rank * size, (rank + 1) * size), (self.seed, self.images_seen, Stream.AUGMENTATION)
        rng = KeyedRandom(*key, total=world * size, rows=rows, device=batch.real.device)
        self.images_seen += world * size
        return self.make_condition(self.augment_batch(self.scale_batch(batch), rng), rng)

    def state_dict(self) -> dict[str, Any]:
        """Return the number of training rows seen."""
        return {"images_seen": self.images_seen}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue after the last row seen."""
        self.images_seen = state_dict["images_seen"]

    def _rank_and_world(self) -> tuple[int, int]:
        return (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)

    def _loader(self, dataset: ImageDataset, order: Iterable[list[int]], persistent: bool = False) -> DataLoader[Batch]:
        workers = self._workers_that_fit
        return DataLoader(
            dataset,
            batch_sampler=order,
            collate_fn=collate,
            num_workers=workers,
            persistent_workers=persistent and workers > 0,
            generator=torch.Generator(),  # by default a loader draws from the global generator
            worker_init_fn=ignore_worker_signals,
        )

    @cached_property
    def _workers_that_fit(self) -> int:
        row_bytes = math.prod(self.output_shape) * (1 if self.pixels else 4)
        return workers_that_fit(self.num_workers, self.batch_size * row_bytes)
