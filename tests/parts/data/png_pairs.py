"""Pairs of images, side by side in one file each, as in pix2pix's data sets."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from PIL import Image

from gan.data.base import ImageDataModule, ImageDataset, Split, TensorImages
from gan.errors import UserError

__all__ = ["PNGPairs"]


class PNGPairs(ImageDataModule):
    """Folder with the subfolders ``train`` and ``test`` of PNGs; the left half of each is A, the right half B.

    Args:
        path: The folder.
        direction: Which half is the condition, and which the image to generate.
        **settings: Arguments of ImageDataModule.
    """

    def __init__(self, path: str, direction: Literal["AtoB", "BtoA"] = "AtoB", **settings: Any) -> None:
        super().__init__(**settings)
        self.path, self.direction = Path(path), direction

    def load(self, split: Split) -> ImageDataset:
        files = sorted((self.path / split).glob("*.png"))
        if not files:
            raise UserError(f"data.path: no PNGs in {self.path / split}")
        mode = "L" if self.channels == 1 else "RGB"
        pixels = np.stack([np.array(Image.open(file).convert(mode)) for file in files])
        images = torch.from_numpy(pixels).view(*pixels.shape[:3], self.channels).permute(0, 3, 1, 2)
        halves = images.chunk(2, dim=3)
        condition, real = halves if self.direction == "AtoB" else halves[::-1]
        return TensorImages(real, torch.zeros(len(files)), condition)
