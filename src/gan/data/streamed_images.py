"""Image files as a data set: decoded on each access, or all at once."""

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar

import torch
from torch import Tensor

from gan.data.dataset import ImageDataset, TensorImages
from gan.data.image_tensor import pixel_tensor
from gan.data.resize import enlarged, resize_and_crop
from gan.errors import UserError
from gan.image_files import MAX_PIXELS, open_image
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
    """Decoding of image files to one size.

    Attributes:
        size: Height in pixels, and width unless that is given.
        channels: 1 for greyscale, 3 for colour.
        background: Colour beneath transparent pixels, as a name or ``#rrggbb``.
        max_pixels: Largest number of pixels of an image, as stored and as resized.
        width: Width in pixels; None for squares.
        half: Half of the file that is decoded.
    """

    size: int
    channels: int
    background: str = "white"
    max_pixels: int = MAX_PIXELS
    width: int | None = None
    half: Half = None

    def enlarged(self, factor: float) -> "Decoder":
        """Return the decoder to a size that is a factor larger, rounded."""
        height, width = enlarged((self.size, self.width or self.size), factor)
        return replace(self, size=height, width=width)

    def __call__(self, path: Path) -> Tensor:
        """Read an image; resize and crop it to uint8 with shape (channels, size, width).

        Raises:
            UserError: If the file cannot be read as an image.
        """
        try:
            with open_image(path, self.max_pixels) as image:
                width, height = image.size
                if self.size**2 * max(width, height) > self.max_pixels * min(width, height):
                    raise ValueError(f"its {width}x{height} pixels are too narrow to be resized to {self.size}")
                pixels = pixel_tensor(image, self.channels, self.background)
                if self.half is not None:
                    width = pixels.shape[2]  # upright
                    if width % 2:
                        raise ValueError(
                            f"its width of {width} pixels is odd, and does not hold two images side by side"
                        )
                    pixels = pixels[..., : width // 2] if self.half == "left" else pixels[..., width // 2 :]
        except UserError as error:
            raise UserError(f"{error}; {ADVICE}") from error
        return resize_and_crop(pixels, self.size, self.width)


class StreamedImages(ImageDataset):
    """Images that are decoded from disk on each access.

    Args:
        files: Paths and class labels.
        decode: Decoder of the files.
    """

    def __init__(self, files: Sequence[tuple[Path, int]], decode: Decoder) -> None:
        self.files, self.decode = files, decode

    def __len__(self) -> int:
        return len(self.files)

    def __getitems__(self, indices: list[int]) -> Batch:
        images = [self.decode(self.files[index][0]) for index in indices]
        return Batch(torch.stack(images), torch.tensor([self.files[index][1] for index in indices]))

    @property
    def decoded_size(self) -> int:
        """Size of all images in bytes, decoded."""
        return len(self) * self.decode.channels * self.decode.size * (self.decode.width or self.decode.size)

    def in_memory_up_to(self, limit: int) -> ImageDataset:
        """Decode all images if they take at most ``limit`` bytes."""
        return self.in_memory() if self.decoded_size <= limit else self

    def in_memory(self) -> TensorImages:
        """Decode all images, in parallel threads."""
        labels = torch.tensor([label for _, label in self.files])
        return TensorImages(torch.stack(list(self._for_each(self.decode))), labels)

    def drop_unreadable(self) -> "StreamedImages":
        """Return the data set without unreadable images; reads all images and logs each that is skipped."""

        def check(path: Path) -> bool:
            try:
                self.decode(path)
            except UserError as error:
                log.warning("Skipped: %s", error)
                return False
            return True

        files = [file for file, is_readable in zip(self.files, self._for_each(check), strict=True) if is_readable]
        return StreamedImages(files, self.decode)

    def _for_each(self, read: Callable[[Path], Result]) -> Iterator[Result]:
        with ThreadPoolExecutor() as pool:
            results = pool.map(read, [path for path, _ in self.files])
            yield from progress_bar(results, len(self.files), "Reading images")
