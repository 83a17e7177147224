"""1,797 handwritten digits of 8x8 pixels, from the package scikit-learn; nothing is downloaded."""

import numpy as np
import torch
from sklearn.datasets import load_digits

from gan.data.base import ImageDataModule, ImageDataset, Split, TensorImages
from gan.data.resize import resize
from gan.digest import digest_of_values

__all__ = ["Optdigits"]

HELD_OUT = 360  # a fifth


class Optdigits(ImageDataModule):
    """UCI's optical recognition of handwritten digits: 1,437 for training, 360 held out (Alpaydin and Kaynak, 1998)."""

    def load(self, split: Split) -> ImageDataset:
        digits = load_digits()
        order = np.random.default_rng(0).permutation(len(digits.target))
        indices = order[HELD_OUT:] if split == "train" else order[:HELD_OUT]
        pixels = np.rint(digits.images[indices] * (255 / 16)).astype(np.uint8)  # 17 levels
        images = resize(torch.from_numpy(pixels)[:, None], self.image_size)
        return TensorImages(images, torch.from_numpy(digits.target[indices]))

    def fingerprint(self, split: Split) -> str:
        """Return a hash of the split and the size; the digits never change."""
        return digest_of_values(type(self).__qualname__, split, self.image_size, HELD_OUT)
