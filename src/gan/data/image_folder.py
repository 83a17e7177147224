"""Any folder of images, with or without class folders; small ones are held in memory, large ones stream."""

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
ADVICE = "mend or remove it, or leave such images out with on_error=skip (data.on_error=skip in training)"
Result = TypeVar("Result")

BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError)  # Pillow's words
SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"}


def decode(path: Path, size: int, channels: int) -> Tensor:
    """Read an image, resized and cropped, uint8 with shape (channels, size, size).

    Raises:
        UserError: If the file cannot be read as an image.
    """
    try:
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image)  # a phone's photo may lie on its side
            pixels = np.array(upright.convert("L" if channels == 1 else "RGB"))
    except BROKEN as error:
        raise UserError(f"cannot read the image {path} ({error}); {ADVICE}") from error
    return resize_and_crop(torch.from_numpy(pixels).view(*pixels.shape[:2], channels).permute(2, 0, 1), size)


def _stamp(path: Path) -> tuple[int, int] | None:
    """Return a file's size and time of change; None if it is gone, which is for its reader to say."""
    return (path.stat().st_size, path.stat().st_mtime_ns) if path.exists() else None


def images_below(folder: Path) -> list[Path]:
    """List the image files below a folder, by name.

    Raises:
        UserError: If there is no such folder, or no image in it.
    """
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise UserError(f"no image in {folder} (looked for {' '.join(sorted(SUFFIXES))})")
    return paths


def survey(folder: Path, on_error: OnError = "stop") -> tuple[set[tuple[int, int]], int]:
    """Look at the headers of all images below a folder.

    Returns:
        The sizes that there are, (width, height), and the channels that hold them all: 1 if every image is grey.

    Raises:
        UserError: If there is no image, or one cannot be read and is not to be skipped.
    """
    sizes, grey = dict[tuple[int, int], Path](), True
    for path in images_below(folder):
        try:
            with Image.open(path) as image:
                sizes.setdefault(image.size, path)
                grey = grey and image.mode in ("1", "L", "LA", "I", "I;16", "F")
        except BROKEN as error:
            if on_error == "stop":
                raise UserError(f"cannot read the image {path} ({error}); {ADVICE}") from error
    return set(sizes), 1 if grey else 3


class StreamedImages(ImageDataset):
    """Images that are decoded each time they are asked for.

    Args:
        files: Paths and classes.
        size: Height and width in pixels.
        channels: 1 for grey, 3 for colour.
    """

    def __init__(self, files: Sequence[tuple[Path, int]], size: int, channels: int) -> None:
        self.files, self.size, self.channels = files, size, channels

    def __len__(self) -> int:
        return len(self.files)

    def __getitems__(self, indices: list[int]) -> Batch:
        images = [decode(self.files[index][0], self.size, self.channels) for index in indices]
        return Batch(torch.stack(images), torch.tensor([self.files[index][1] for index in indices]))

    def in_memory(self) -> TensorImages:
        """Decode all, by threads."""
        return TensorImages(torch.stack(list(self._decoded(decode))), torch.tensor([label for _, label in self.files]))

    def readable(self) -> "StreamedImages":
        """Leave out the images that cannot be read, which takes reading them all; each is named."""

        def check(path: Path, size: int, channels: int) -> bool:
            try:
                decode(path, size, channels)
            except UserError as error:
                log.warning("Skipped: %s", error)
                return False
            return True

        good = [file for file, kept in zip(self.files, self._decoded(check), strict=True) if kept]
        return StreamedImages(good, self.size, self.channels)

    def _decoded(self, read: Callable[..., Result]) -> Iterator[Result]:
        with ThreadPoolExecutor() as pool:
            results = pool.map(partial(read, size=self.size, channels=self.channels), [path for path, _ in self.files])
            yield from progress_bar(results, len(self.files), "Reading images")


class ImageFolder(ImageDataModule):
    """Images below a folder; where it has folders with images in them, each is a class, in alphabetical order.

    Args:
        path: The folder of images.
        test_path: The folder of held-out images, of the same layout; where None, a fixed share of ``path``.
        test_share: That share.
        memory_limit: Size in bytes up to which decoded images are held in memory.
        on_error: Whether an image that cannot be read stops the run, or is named and skipped.
        **settings: As ImageDataModule takes them.

    Raises:
        ValueError: If the share is not between 0 and 1.
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
            dataset = dataset.readable()
        size = len(dataset) * self.channels * self.image_size**2
        return dataset.in_memory() if size <= self.memory_limit else dataset

    def fingerprint(self, split: Split) -> str:
        """Return a hash of the files' names, sizes and times of change, and of what is made of them."""
        found = [(path.resolve(), label) for path, label in self.files(split)]
        files = [(str(path), label, _stamp(path)) for path, label in found]
        return digest_of_values("folder", files, self.image_size, self.channels, self.on_error)

    def files(self, split: Split) -> list[tuple[Path, int]]:
        """List the paths and classes of a split.

        Raises:
            UserError: If there is no image, or not as many classes as ``num_classes`` says.
        """
        if self.test_path is not None:
            return self._scan(self.path if split == "train" else self.test_path)
        found = self._scan(self.path)
        order = np.random.default_rng(0).permutation(len(found))
        held_out = max(2, round(self.test_share * len(found)))
        kept = order[held_out:] if split == "train" else order[:held_out]
        return [found[place] for place in np.sort(kept)]

    def _scan(self, folder: Path) -> list[tuple[Path, int]]:
        try:
            paths = images_below(folder)
        except UserError as error:
            raise UserError(f"data.path: {error}") from error
        if len(paths) < 4 and self.test_path is None:
            raise UserError(f"data.path: {len(paths)} images in {folder} are too few to train with and hold some out")
        names = sorted({path.relative_to(folder).parts[0] for path in paths if path.parent != folder})
        if any(path.parent == folder for path in paths):
            names = []  # images beside folders: no classes
        if self.num_classes not in (1, len(names) or 1):
            raise UserError(f"data.num_classes={self.num_classes}, but {folder} has {len(names) or 1}")
        if self.num_classes == 1:
            return [(path, 0) for path in paths]
        return [(path, names.index(path.relative_to(folder).parts[0])) for path in paths]
