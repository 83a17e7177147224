"""Stacked MNIST (Metz et al., 2017; Lin et al., 2018): three random digits as colour channels, 1,000 modes."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan.data.base import ImageDataModule, ImageDataset, Split, TensorImages
from gan.digest import digest_of_values
from gan.types import Batch

__all__ = ["StackedMNIST"]

TRAINING_IMAGES = 128_000  # Lin et al. (2018), Section 4.2
HELD_OUT_IMAGES = 26_000  # number of generated samples that are scored in the paper


class StackedDigits(ImageDataset):
    """Images that are stacked from three digits on access.

    Args:
        digits: Single digits.
        triples: Indices of each image's three digits, with shape (N, 3).
    """

    def __init__(self, digits: TensorImages, triples: Tensor) -> None:
        self.digits, self.triples = digits, triples

    def __len__(self) -> int:
        return len(self.triples)

    def __getitems__(self, indices: list[int]) -> Batch:
        digits = self.triples[indices]
        return Batch(self.digits.images[digits].squeeze(2), self.digits.labels[digits] @ torch.tensor([100, 10, 1]))


class StackedMNIST(ImageDataModule):
    """Fixed random triples of digits; the class is the three-digit number that they form.

    Args:
        digits: Data set of single digits, held in memory: ``mnist5k`` or ``mnist``.
        **settings: Arguments of ImageDataModule.

    Raises:
        ValueError: If there are not three channels and 1,000 classes, or the digits' size differs.
    """

    def __init__(self, digits: ImageDataModule, **settings: Any) -> None:
        super().__init__(**settings)
        for name, found, needed in (("channels", self.channels, 3), ("num_classes", self.num_classes, 1000)):
            if found != needed:
                raise ValueError(f"{name} must be {needed}, of three stacked digits")
        if (digits.channels, digits.image_size, digits.num_classes) != (1, self.image_size, 10):
            raise ValueError(f"digits must have channels=1, image_size={self.image_size} and num_classes=10")
        self.digits = digits

    def load(self, split: Split) -> ImageDataset:
        digits = self.digits.split(split)
        assert isinstance(digits, TensorImages)
        size = TRAINING_IMAGES if split == "train" else HELD_OUT_IMAGES
        triples = np.random.default_rng(int(split == "test")).integers(len(digits), size=(size, 3))
        return StackedDigits(digits, torch.from_numpy(triples))

    def fingerprint(self, split: Split) -> str:
        """Return a hash of the single digits and the numbers of images."""
        return digest_of_values(
            type(self).__qualname__, self.digits.fingerprint(split), TRAINING_IMAGES, HELD_OUT_IMAGES
        )
