"""Captions of images, and the data set of images with the tokens of a caption each."""

from typing import NamedTuple

import torch
from torch import Tensor

from gan.data.dataset import ImageDataset
from gan.types import Batch

__all__ = ["Caption", "CaptionedImages"]


class Caption(NamedTuple):
    """Sentence about an image.

    Attributes:
        place: Where it is written, for messages.
        image: Number of the image in its split.
        text: The sentence.
        attributes: Values of the image's attributes.
    """

    place: str
    image: int
    text: str
    attributes: tuple[str, ...] = ()


class CaptionedImages(ImageDataset):
    """Rows of an image and one of its sentences; an image with several sentences has several rows.

    Args:
        images: The images, each once.
        rows: Number of each row's image, int64 with shape (N,); ascending where images are stored in blocks.
        tokens: Each row's sentence, int64 with shape (N, T).
        labels: Each row's class, int64 with shape (N,).
    """

    def __init__(self, images: ImageDataset, rows: Tensor, tokens: Tensor, labels: Tensor) -> None:
        assert len(rows) == len(tokens) == len(labels)
        self.images, self.rows, self.tokens, self.labels = images, rows, tokens, labels
        self.blocks = None if images.blocks is None else images.blocks.select(rows.tolist())

    def __len__(self) -> int:
        return len(self.rows)

    def __getitems__(self, indices: list[int]) -> Batch:
        index = torch.tensor(indices)
        real = self.images.__getitems__(self.rows[index].tolist()).real
        return Batch(real, self.labels[index], self.tokens[index])
