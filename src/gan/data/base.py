"""Base class of data modules of images, and the conversion between uint8 pixels and [-1, 1]."""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any

import torch
from annotated_types import Ge, Le
from PIL import Image
from torch import Tensor
from torchvision.utils import make_grid

from gan.bounds import Channels, Classes, Pixels
from gan.data.dataset import ImageDataset, TensorImages
from gan.data.module import DataModule, Split
from gan.data.resize import crop, enlarge
from gan.errors import UserError
from gan.images import from_uint8, grid, side_by_side, to_uint8
from gan.keyed_random import KeyedRandom
from gan.types import Batch, Samples

__all__ = ["ImageDataModule", "ImageDataset", "Split", "TensorImages", "as_images"]


class ImageDataModule(DataModule):
    """Data module of images; batches are scaled to [-1, 1] on the device.

    Args:
        image_size: Height of images in pixels, and their width unless that is given.
        channels: 1 for greyscale, 3 for colour.
        num_classes: Number of classes; 1 for unlabelled data.
        flip: Whether training images are mirrored horizontally with probability 1/2, each with its condition if that is
            an image.
        width: Width of images, in pixels; None for squares.
        jitter: Factor by which training images are larger before they are cropped at a random place, each with its
            condition if that is an image; 1 for neither. Image files are decoded once more, at the larger size;
            other images are enlarged bilinearly, which blurs them.
        **settings: Arguments of DataModule.

    Attributes:
        background: Colour beneath transparent pixels of a user's images.
    """

    pixels = True
    background = "white"

    def __init__(
        self,
        image_size: Pixels,
        channels: Channels,
        num_classes: Classes,
        flip: bool = False,
        width: Pixels | None = None,
        jitter: Annotated[float, Ge(1), Le(4)] = 1.0,
        **settings: Any,
    ) -> None:
        super().__init__(num_classes, **settings)
        self.image_size, self.width, self.channels = image_size, width or image_size, channels
        self.flip, self.jitter = flip, jitter

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of an image as it is stored, shown and scored."""
        return self.channels, self.image_size, self.width

    @property
    def output_shape(self) -> tuple[int, ...]:
        return self.channels, self.image_size, self.width

    @property
    def scored(self) -> "ImageDataModule":
        return self

    def condition_of_image(self, image: Image.Image, mask: Image.Image | None = None) -> Tensor:
        """Return a user's image as a condition, converted as in training, at its own size.

        Args:
            image: Open image, of any mode; it is turned upright in place.
            mask: White in the hole of the image, if the data have holes; None for its transparent pixels.

        Returns:
            float32 in [-1, 1], with shape (C, H, W).

        Raises:
            UserError: If conditions are no images, or there is no hole where one is needed.
        """
        raise UserError(f"the data of this model, {type(self).__name__}, have no images as conditions to translate")

    def check(self, dataset: ImageDataset) -> None:
        first = dataset.__getitems__([0, len(dataset) - 1])
        if first.real.shape[1:] != self.image_shape:
            actual = "x".join(map(str, first.real.shape[1:]))
            expected = "x".join(map(str, self.image_shape))
            raise UserError(f"data.channels and data.image_size say {expected}, but the images have {actual}")
        super().check(dataset)

    def scale_batch(self, batch: Batch) -> Batch:
        """Scale images, and conditions that are images, from uint8 to float32 in [-1, 1]."""
        return batch.map(lambda x: from_uint8(x) if x.dtype == torch.uint8 else x)

    @cached_property
    def training_rows(self) -> ImageDataset:
        larger = self.load_enlarged(self.jitter) if self.jitter > 1 else None
        return self.split("train") if larger is None else larger

    def load_enlarged(self, factor: float) -> ImageDataset | None:
        """Load the training rows at a larger size, in the order of the split; None if they have no more pixels.

        Args:
            factor: Factor of height and width, each of which is rounded.
        """
        return None

    def augment_batch(self, batch: Batch, rng: KeyedRandom) -> Batch:
        """Crop and mirror images at random, if requested."""
        if self.jitter > 1:
            corners, size = rng.uniform(2), (self.image_size, self.width)
            batch = batch.map(lambda x: crop(enlarge(x, self.jitter, size), size, corners) if x.dim() == 4 else x)
        if self.flip:
            mirrored = rng.uniform(1, 1, 1) < 0.5
            batch = batch.map(lambda x: torch.where(mirrored, x.flip(3), x) if x.dim() == 4 else x)
        return batch

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

    def picture_of_condition(self, condition: Tensor) -> Tensor:
        """Return the conditions of completed samples as images to be shown; the default changes nothing."""
        return condition

    def sentences_of(self, samples: Samples) -> list[str]:
        """Return the sentences that samples are to show, to be written beside them; the default has none."""
        return []

    def picture_of_samples(self, samples: Samples) -> Tensor:
        """Arrange samples in one picture; beside each its condition and target, if the condition is an image."""
        samples = self.complete(samples)
        condition = samples.condition
        if isinstance(condition, Tensor):
            condition = self.picture_of_condition(condition)
        if not isinstance(condition, Tensor) or condition.shape[2:] != samples.images.shape[2:]:
            return self.picture(samples.images)
        columns = {"source": condition, "output": samples.images, "target": samples.real}
        return side_by_side({name: images for name, images in columns.items() if images is not None})


def as_images(data: DataModule, user: str) -> ImageDataModule:
    """Return a data module if it is one of images.

    Args:
        data: Data module.
        user: Name of what needs images, for the message.

    Raises:
        UserError: If it is of something else.
    """
    if not isinstance(data, ImageDataModule):
        raise UserError(f"{user} needs images, and {type(data).__name__} has {data.noun}")
    return data
