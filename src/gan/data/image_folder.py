"""Folder of images, with or without class subfolders. Small sets are held in memory, large ones are streamed."""

import logging
import os
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from gan.bounds import Classes, Fraction, NonNegativeInt, PositiveInt
from gan.data.base import ImageDataModule, ImageDataset, Split
from gan.data.folder_layout import FolderLayout, read_layout
from gan.data.image_tensor import check_background
from gan.data.order import hold_out
from gan.data.streamed_images import Decoder, StreamedImages
from gan.digest import digest_of_values
from gan.errors import UserError
from gan.formats import printable
from gan.image_files import MAX_PIXELS

__all__ = ["FolderPath", "ImageFolder", "OnError"]

log = logging.getLogger(__name__)

FolderPath = Annotated[str, Field(examples=["FOLDER"])]
OnError = Literal["stop", "skip"]


class ImageFolder(ImageDataModule):
    """Images in a folder; its subfolders, if it has any, are the classes, in alphabetical order.

    A folder that consists of ``train`` and ``test`` (or ``val``) is read as these two splits.

    Args:
        path: Folder of images.
        test_path: Folder of held-out images with the same layout; None to hold out a fixed share of ``path``. If it is
            ``path``, all images are in both splits.
        num_classes: Number of classes; 1 ignores them. None takes what is found: the number of subfolders, or 1 if
            images lie beside them or held-out images have other classes.
        test_share: Share of images that is held out.
        memory_limit: Size of the decoded images in bytes up to which they are held in memory.
        on_error: ``stop`` raises an error at an unreadable image; ``skip`` logs and skips it.
        background: Colour beneath transparent pixels, as a name or ``#rrggbb``.
        max_pixels: Largest number of pixels of an image; a larger one is unreadable. Decoding takes 10 to 20 bytes
            per pixel and thread.
        **settings: Arguments of ImageDataModule.

    Raises:
        UserError: If ``background`` is not a colour, or ``num_classes`` is None, and the folder is missing or has no
            images.
    """

    def __init__(
        self,
        path: FolderPath,
        test_path: str | None = None,
        num_classes: Classes | None = None,
        test_share: Fraction = 0.1,
        memory_limit: NonNegativeInt = 2**30,
        on_error: OnError = "stop",
        background: str = "white",
        max_pixels: PositiveInt = MAX_PIXELS,
        **settings: Any,
    ) -> None:
        self.path, self.test_path = Path(path), Path(test_path) if test_path else None
        super().__init__(num_classes=num_classes or 1, **settings)
        self.test_share, self.memory_limit, self.on_error = test_share, memory_limit, on_error
        self.background = check_background(background)
        self.decode = Decoder(self.image_size, self.channels, background, max_pixels, self.width)
        if num_classes is None:
            self.num_classes = len(self.layout.shared_classes) or 1
            if self.layout.classes and not self.layout.shared_classes:
                log.warning("Classes are ignored: images of data.test_path are of others, or of none")

    @cached_property
    def layout(self) -> FolderLayout:
        """Images of the folders; they are listed on first use.

        Raises:
            UserError: If a folder is missing, or has no or too few images.
        """
        layout = self.read_layout()
        if (num := len(layout.train.files)) < 4 and layout.test is None:
            root = printable(str(layout.train.root))
            raise UserError(f"data.path: {root} has {num} images, too few to train on and hold some out")
        return layout

    def read_layout(self) -> FolderLayout:
        """Find the images of the folders."""
        return read_layout(self.path, self.test_path)

    def load(self, split: Split) -> ImageDataset:
        if split == "train":
            log.info("Found %s", self.layout.describe(self.num_classes))
        dataset = self._training_stream if split == "train" else self._stream(split)
        return dataset.in_memory_up_to(self.memory_limit)

    def load_enlarged(self, factor: float) -> ImageDataset:
        enlarged = StreamedImages(self._training_stream.files, self.decode.enlarged(factor))
        return enlarged.in_memory_up_to(self.memory_limit)

    @cached_property
    def _training_stream(self) -> StreamedImages:
        return self._stream("train")

    def _stream(self, split: Split) -> StreamedImages:
        dataset = StreamedImages(self.files(split), self.decode)
        return dataset.drop_unreadable() if self.on_error == "skip" else dataset

    def fingerprint(self, split: Split) -> str:
        """Return a hash of the files' paths, sizes and modification times, and of the decoding settings."""
        files = [(os.path.realpath(path), label, _stamp(path)) for path, label in self.files(split)]
        return digest_of_values("folder", files, self.decode, self.on_error)

    def files(self, split: Split) -> list[tuple[Path, int]]:
        """List the paths and class labels of a split.

        Raises:
            UserError: If there are no images, or the number of classes is not ``num_classes``.
        """
        layout = self.layout
        files = layout.labels(layout.train, self.num_classes)
        if layout.test is not None:
            return files if split == "train" else layout.labels(layout.test, self.num_classes)
        return [files[index] for index in hold_out(len(files), self.test_share, split)]


def _stamp(path: Path) -> tuple[int, int] | None:
    """Return a file's size and modification time; None for a missing file, which raises when it is read."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_size, status.st_mtime_ns
