"""Folder of images, with or without class subfolders. Small sets are held in memory, large ones are streamed."""

import logging
import struct
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from gan.data.base import ImageDataModule, ImageDataset, Split, TensorImages
from gan.data.resize import resize_and_crop
from gan.digest import digest_of_values
from gan.errors import UserError
from gan.progress import progress_bar
from gan.types import Batch

__all__ = ["ImageFolder", "StreamedImages", "survey"]

log = logging.getLogger(__name__)

OnError = Literal["stop", "skip"]
ADVICE = "repair or remove it, or skip unreadable images with on_error=skip (data.on_error=skip in training)"
Result = TypeVar("Result")

READ_ERRORS = (  # raised by Pillow for damaged files
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    Image.DecompressionBombError,
)
SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"}


def decode(path: Path, size: int, channels: int) -> Tensor:
    """Read an image; resize and crop it to uint8 with shape (channels, size, size).

    Raises:
        UserError: If the file cannot be read as an image.
    """
    try:
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image)  # photos may be stored rotated
            pixels = np.array(upright.convert("L" if channels == 1 else "RGB"))
    except READ_ERRORS as error:
        raise UserError(f"cannot read the image {path} ({error}); {ADVICE}") from error
    return resize_and_crop(torch.from_numpy(pixels).view(*pixels.shape[:2], channels).permute(2, 0, 1), size)


def _stamp(path: Path) -> tuple[int, int] | None:
    """Return a file's size and modification time; None for a missing file, which raises when it is read."""
    return (path.stat().st_size, path.stat().st_mtime_ns) if path.exists() else None


def images_below(folder: Path) -> list[Path]:
    """List the image files in a folder and its subfolders, sorted by path.

    Raises:
        UserError: If there is no such folder, or it contains no images.
    """
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise UserError(f"no image in {folder} (looked for {' '.join(sorted(SUFFIXES))})")
    return paths


def survey(folder: Path, on_error: OnError = "stop") -> tuple[set[tuple[int, int]], int]:
    """Read the headers of all images in a folder and its subfolders.

    Returns:
        The set of image sizes, (width, height), and the number of channels: 1 if all images are grey, otherwise 3.

    Raises:
        UserError: If there are no images, or one is unreadable and ``on_error`` is ``stop``.
    """
    sizes, grey = set[tuple[int, int]](), True
    for path in images_below(folder):
        try:
            with Image.open(path) as image:
                sizes.add(image.size)
                grey = grey and image.mode in ("1", "L", "LA", "I", "I;16", "F")
        except READ_ERRORS as error:
            if on_error == "stop":
                raise UserError(f"cannot read the image {path} ({error}); {ADVICE}") from error
    return sizes, 1 if grey else 3


class StreamedImages(ImageDataset):
    """Images that are decoded from disk on each access.

    Args:
        files: Paths and class labels.
        size: Height and width in pixels.
        channels: 1 for greyscale, 3 for colour.
    """

    def __init__(self, files: Sequence[tuple[Path, int]], size: int, channels: int) -> None:
        self.files, self.size, self.channels = files, size, channels

    def __len__(self) -> int:
        return len(self.files)

    def __getitems__(self, indices: list[int]) -> Batch:
        images = [decode(self.files[index][0], self.size, self.channels) for index in indices]
        return Batch(torch.stack(images), torch.tensor([self.files[index][1] for index in indices]))

    def in_memory(self) -> TensorImages:
        """Decode all images, in parallel threads."""
        return TensorImages(torch.stack(list(self._decoded(decode))), torch.tensor([label for _, label in self.files]))

    def drop_unreadable(self) -> "StreamedImages":
        """Return the data set without unreadable images; reads all images and logs each that is skipped."""

        def check(path: Path, size: int, channels: int) -> bool:
            try:
                decode(path, size, channels)
            except UserError as error:
                log.warning("Skipped: %s", error)
                return False
            return True

        files = [file for file, is_readable in zip(self.files, self._decoded(check), strict=True) if is_readable]
        return StreamedImages(files, self.size, self.channels)

    def _decoded(self, read: Callable[..., Result]) -> Iterator[Result]:
        with ThreadPoolExecutor() as pool:
            results = pool.map(partial(read, size=self.size, channels=self.channels), [path for path, _ in self.files])
            yield from progress_bar(results, len(self.files), "Reading images")


class ImageFolder(ImageDataModule):
    """Images in a folder; its subfolders, if it has any, are the classes, in alphabetical order.

    Args:
        path: Folder of images.
        test_path: Folder of held-out images with the same layout; None to hold out a fixed share of ``path``.
        test_share: Share of images that is held out.
        memory_limit: Size of the decoded images in bytes up to which they are held in memory.
        on_error: ``stop`` raises an error at an unreadable image; ``skip`` logs and skips it.
        **settings: Arguments of ImageDataModule.

    Raises:
        ValueError: If ``test_share`` is not between 0 and 1.
    """

    def __init__(
        self,
        path: str,
        test_path: str | None = None,
        test_share: float = 0.1,
        memory_limit: int = 2**30,
        on_error: OnError = "stop",
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        if not 0 < test_share < 1:
            raise ValueError(f"test_share must be between 0 and 1, not {test_share}")
        self.path, self.test_path = Path(path), Path(test_path) if test_path else None
        self.test_share, self.memory_limit, self.on_error = test_share, memory_limit, on_error

    def load(self, split: Split) -> ImageDataset:
        dataset = StreamedImages(self.files(split), self.image_size, self.channels)
        if self.on_error == "skip":
            dataset = dataset.drop_unreadable()
        size = len(dataset) * self.channels * self.image_size**2
        return dataset.in_memory() if size <= self.memory_limit else dataset

    def fingerprint(self, split: Split) -> str:
        """Return a hash of the files' paths, sizes and modification times, and of the decoding settings."""
        resolved = [(path.resolve(), label) for path, label in self.files(split)]
        files = [(str(path), label, _stamp(path)) for path, label in resolved]
        return digest_of_values("folder", files, self.image_size, self.channels, self.on_error)

    def files(self, split: Split) -> list[tuple[Path, int]]:
        """List the paths and class labels of a split.

        Raises:
            UserError: If there are no images, or the number of classes is not ``num_classes``.
        """
        if self.test_path is not None:
            return self._scan(self.path if split == "train" else self.test_path)
        files = self._scan(self.path)
        order = np.random.default_rng(0).permutation(len(files))
        held_out = max(2, round(self.test_share * len(files)))
        indices = order[held_out:] if split == "train" else order[:held_out]
        return [files[index] for index in np.sort(indices)]

    def _scan(self, folder: Path) -> list[tuple[Path, int]]:
        try:
            paths = images_below(folder)
        except UserError as error:
            raise UserError(f"data.path: {error}") from error
        if len(paths) < 4 and self.test_path is None:
            raise UserError(f"data.path: {folder} has {len(paths)} images, too few to train on and hold some out")
        names = sorted({path.relative_to(folder).parts[0] for path in paths if path.parent != folder})
        if any(path.parent == folder for path in paths):
            names = []  # a folder that also contains images directly has no classes
        if self.num_classes not in (1, len(names) or 1):
            raise UserError(f"data.num_classes={self.num_classes}, but {folder} has {len(names) or 1}")
        if self.num_classes == 1:
            return [(path, 0) for path in paths]
        return [(path, names.index(path.relative_to(folder).parts[0])) for path in paths]
