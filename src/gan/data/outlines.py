"""Digits, and other digits drawn as outlines, without pairs; held-out digits have a true outline to compare with."""

from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from gan.bounds import PositiveInt
from gan.data.base import ImageDataModule, ImageDataset, Split, TensorImages
from gan.data.image_tensor import source_tensor
from gan.data.module import TrivialBaseline
from gan.data.source_images import WithSources
from gan.data.trivial import copies
from gan.digest import digest_of_values
from gan.errors import UserError

__all__ = ["ToOutlines", "draw_outlines"]


class ToOutlines(ImageDataModule):
    """Digits of a data set as source images, and as images to generate the outlines of other digits.

    No training digit is on both sides. A held-out row has a digit, its true outline and its class: unlike for other
    data without pairs, the error of a translation is known.

    Args:
        digits: Data set with one channel, of light images on black, held in memory: ``mnist5k`` or ``mnist``.
        rows: Number of training images of each kind; None for half of the data set.
        source_channels: Channels of the source images: 1.
        **settings: Arguments of ImageDataModule.

    Raises:
        UserError: If the digits have another shape.
    """

    def __init__(
        self,
        digits: ImageDataModule,
        rows: PositiveInt | None = None,
        source_channels: PositiveInt = 1,
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        if digits.image_shape != self.image_shape or (self.channels, source_channels) != (1, 1):
            raise UserError(
                f"data.digits has images of {digits.image_shape} for data of {self.image_shape}: both need the same "
                "size, and data.channels=1 and data.source_channels=1"
            )
        self.digits, self.rows, self.source_channels = digits, rows, source_channels

    @property
    def source_shape(self) -> tuple[int, int, int]:
        return self.image_shape

    def trivial_baselines(self) -> dict[str, TrivialBaseline]:
        """Return a copy of the digit."""
        return copies(1, 1)

    def condition_of_image(self, image: Image.Image, mask: Image.Image | None = None) -> Tensor:
        return source_tensor(image, mask, 1, self.background)

    def load(self, split: Split) -> ImageDataset:
        digits = self.digits.split(split)
        assert isinstance(digits, TensorImages)
        if split == "test":
            return WithSources(_outlined(digits), digits)
        rows = self.rows or len(digits) // 2
        if 2 * rows > len(digits):
            raise UserError(f"data.rows={rows} of each kind are more than the {len(digits)} training digits together")
        order = torch.from_numpy(np.random.default_rng(0).permutation(len(digits)))
        sources, targets = (_subset(digits, indices) for indices in order[: 2 * rows].split(rows))
        return WithSources(_outlined(targets), sources, shuffled=True)

    def fingerprint(self, split: Split) -> str:
        """Return a hash of the digits' fingerprint and the number of rows."""
        return digest_of_values(type(self).__qualname__, self.digits.fingerprint(split), self.rows)


def draw_outlines(images: Tensor) -> Tensor:
    """Draw the outlines of light shapes as dark lines on white.

    The outline is the external morphological gradient: dilation by 3x3 pixels, less the image.

    Args:
        images: uint8, with shape (B, 1, H, W).
    """
    values = images.float()
    dilated = nn.functional.max_pool2d(values, 3, stride=1, padding=1)
    return (255 - (dilated - values)).to(torch.uint8)


def _outlined(digits: TensorImages) -> TensorImages:
    return TensorImages(draw_outlines(digits.images), digits.labels)


def _subset(digits: TensorImages, indices: Tensor) -> TensorImages:
    return TensorImages(digits.images[indices], digits.labels[indices])
