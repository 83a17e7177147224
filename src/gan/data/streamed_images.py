"""Encoded images as a data set: decoded on each access, or all at once."""

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from math import ceil
from typing import Literal, TypeVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gan.data.dataset import ImageDataset, TensorImages
from gan.data.image_tensor import pixel_tensor
from gan.data.order import Blocks, Selection
from gan.data.resize import enlarged, resize_and_crop
from gan.errors import UserError
from gan.image_files import MAX_PIXELS, ImageSource, open_image
from gan.progress import progress_bar
from gan.types import Batch

__all__ = ["ADVICE", "Decoder", "Half", "StreamedImages"]

log = logging.getLogger(__name__)

ADVICE = "repair or remove it, or skip unreadable images with on_error=skip (data.on_error=skip in training)"
Result = TypeVar("Result")

Half = Literal["left", "right"] | None
"""Half of a file that holds two images side by side; None for a file with one image."""


@dataclass(frozen=True)
class Decoder:
    """Decoding of images to one size.

    Attributes:
        size: Height in pixels, and width unless that is given.
        channels: 1 for greyscale, 3 for colour.
        background: Colour beneath transparent pixels, as a name or ``#rrggbb``.
        max_pixels: Largest number of pixels of an image, as stored and as resized.
        width: Width in pixels; None for squares.
        half: Half of the file that is decoded.
        margin: Factor by which a JPEG is larger, at least, when it is decoded at a half, a quarter or an eighth of its
            size, which takes a fraction of the time; 0 decodes all pixels.
    """

    size: int
    channels: int
    background: str = "white"
    max_pixels: int = MAX_PIXELS
    width: int | None = None
    half: Half = None
    margin: int = 4

    def enlarged(self, factor: float) -> "Decoder":
        """Return the decoder to a size that is a factor larger, rounded."""
        height, width = enlarged((self.size, self.width or self.size), factor)
        return replace(self, size=height, width=width)

    def __call__(self, source: ImageSource) -> Tensor:
        """Read an image; resize and crop it to uint8 with shape (channels, size, width).

        Raises:
            UserError: If the file cannot be read as an image, with advice.
        """
        try:
            return self.read(source)
        except UserError as error:
            raise UserError(f"{error}; {ADVICE}") from error

    def read(self, source: ImageSource) -> Tensor:
        """Read an image as ``__call__`` does; the error of one that cannot be read is without advice."""
        with open_image(source, self.max_pixels) as image:
            width, height = image.size
            if self.size**2 * max(width, height) > self.max_pixels * min(width, height):
                raise ValueError(f"its {width}x{height} pixels are too narrow to be resized to {self.size}")
            self._reduce(image)
            pixels = pixel_tensor(image, self.channels, self.background)
            if self.half is not None:
                width = pixels.shape[2]  # upright
                if width % 2:
                    raise ValueError(f"its width of {width} pixels is odd, and does not hold two images side by side")
                pixels = pixels[..., : width // 2] if self.half == "left" else pixels[..., width // 2 :]
        return resize_and_crop(pixels, self.size, self.width)

    def _reduce(self, image: Image.Image) -> None:
        """Have a large JPEG decoded at a fraction of its size."""
        needed = self.margin * max(self.size, self.width or self.size)
        width, height = image.size
        if image.format == "JPEG" and needed and self.half is None and min(width, height) > needed:
            factor = needed / min(width, height)
            image.draft(None, (ceil(factor * width), ceil(factor * height)))


class StreamedImages(ImageDataset):
    """Images that are decoded on each access.

    Args:
        sources: Files, or a sequence that reads one when it is indexed.
        labels: Their classes, with shape (N,).
        decode: Decoder.
        blocks: Blocks of images that are stored together; None for files of their own.
    """

    def __init__(
        self,
        sources: Sequence[ImageSource],
        labels: Sequence[int] | np.ndarray,
        decode: Decoder,
        blocks: Blocks | None = None,
    ) -> None:
        assert len(sources) == len(labels)
        self.sources, self.labels, self.decode = sources, np.asarray(labels, np.int64), decode
        self.blocks = blocks

    def __len__(self) -> int:
        return len(self.sources)

    def __getitems__(self, indices: list[int]) -> Batch:
        images = [self.decode(self.sources[index]) for index in indices]
        return Batch(torch.stack(images), torch.from_numpy(self.labels[indices]))

    @property
    def decoded_size(self) -> int:
        """Size of all images in bytes, decoded."""
        return len(self) * self.decode.channels * self.decode.size * (self.decode.width or self.decode.size)

    def select(self, indices: Sequence[int]) -> "StreamedImages":
        """Return the data set of the images at some indices, in ascending order."""
        blocks = None if self.blocks is None else self.blocks.select(indices)
        return StreamedImages(Selection(self.sources, indices), self.labels[list(indices)], self.decode, blocks)

    def enlarged(self, factor: float) -> "StreamedImages":
        """Return the data set with images that are a factor larger."""
        return StreamedImages(self.sources, self.labels, self.decode.enlarged(factor), self.blocks)

    def in_memory_up_to(self, limit: int) -> ImageDataset:
        """Decode all images if they take at most ``limit`` bytes."""
        return self.in_memory() if self.decoded_size <= limit else self

    def in_memory(self) -> TensorImages:
        """Decode all images, in parallel threads."""
        images = torch.stack(list(self._for_each(lambda index: self.decode(self.sources[index]))))
        return TensorImages(images, torch.from_numpy(self.labels))

    def readable(self) -> list[int]:
        """Return the indices of the readable images; reads all images and logs each that is not."""

        def check(index: int) -> bool:
            try:
                self.decode.read(self.sources[index])
            except UserError as error:
                log.warning("Skipped: %s", error)
                return False
            return True

        return [index for index, is_readable in enumerate(self._for_each(check)) if is_readable]

    def _for_each(self, read: Callable[[int], Result]) -> Iterator[Result]:
        with ThreadPoolExecutor() as pool:
            yield from progress_bar(pool.map(read, range(len(self))), len(self), "Reading images")
