"""Images from an .npz file."""

from typing import Any

import numpy as np
import torch

from gan.data.base import ImageDataModule, ImageDataset, Split, TensorImages
from gan.errors import UserError

__all__ = ["NPZ"]


class NPZ(ImageDataModule):
    """Arrays ``images``, uint8 with shape (N, H, W, C), and ``labels``; every tenth image is held out.

    Args:
        path: The file.
        **settings: Arguments of ImageDataModule.
    """

    def __init__(self, path: str, **settings: Any) -> None:
        super().__init__(**settings)
        self.path = path

    def load(self, split: Split) -> ImageDataset:
        try:
            with np.load(self.path) as arrays:
                images, labels = torch.from_numpy(arrays["images"]), torch.from_numpy(arrays["labels"])
        except (OSError, KeyError, ValueError) as error:
            raise UserError(f"data.path: {self.path} cannot be read ({error})") from error
        held_out = torch.arange(len(images)) % 10 == 0
        chosen = held_out if split == "test" else ~held_out
        return TensorImages(images[chosen].permute(0, 3, 1, 2), labels[chosen])
