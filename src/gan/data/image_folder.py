"""Folder of images, with or without class subfolders. Small sets are held in memory, large ones are streamed."""

import logging
import os
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from gan.bounds import Classes
from gan.data.base import Split
from gan.data.folder_layout import FolderLayout, read_layout
from gan.data.order import hold_out
from gan.data.own_images import OwnImages
from gan.data.streamed_images import StreamedImages
from gan.digest import digest_of_values
from gan.errors import UserError
from gan.formats import printable

__all__ = ["FolderPath", "ImageFolder"]

log = logging.getLogger(__name__)

FolderPath = Annotated[str, Field(examples=["FOLDER"])]


class ImageFolder(OwnImages):
    """Images in a folder; its subfolders, if it has any, are the classes, in alphabetical order.

    A folder that consists of ``train`` and ``test`` (or ``val``) is read as these two splits.

    Args:
        path: Folder of images.
        test_path: Folder of held-out images with the same layout; None to hold out a fixed share of ``path``. If it is
            ``path``, all images are in both splits.
        num_classes: Number of classes; 1 ignores them. None takes what is found: the number of subfolders, or 1 if
            images lie beside them or held-out images have other classes.
        **settings: Arguments of OwnImages.

    Raises:
        UserError: If ``num_classes`` is None, and the folder is missing or has no images.
    """

    def __init__(
        self, path: FolderPath, test_path: str | None = None, num_classes: Classes | None = None, **settings: Any
    ) -> None:
        self.path, self.test_path = Path(path), Path(test_path) if test_path else None
        super().__init__(num_classes=num_classes, **settings)
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

    def encoded(self, split: Split) -> StreamedImages:
        if split == "train":
            log.info("Found %s", self.layout.describe(self.num_classes))
        paths, labels = zip(*self.files(split), strict=True)
        return StreamedImages(paths, labels, self.decode)

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
