"""Folder of images, with or without class subfolders. Small sets are held in memory, large ones are streamed."""

import logging
import os
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import Field

from gan.bounds import Classes
from gan.data.base import Split
from gan.data.find_images import FoundImages
from gan.data.folder_index import read_stamps
from gan.data.folder_layout import FolderLayout, read_layout
from gan.data.order import hold_out
from gan.data.own_images import OwnImages
from gan.data.streamed_images import StreamedImages
from gan.digest import digest, digest_of_values
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
        if (num := len(layout.train)) < 4 and layout.test is None:
            root = printable(str(layout.train.root))
            raise UserError(f"data.path: {root} has {num} images, too few to train on and hold some out")
        return layout

    def read_layout(self) -> FolderLayout:
        """Find the images of the folders."""
        return read_layout(self.path, self.test_path)

    def encoded(self, split: Split) -> StreamedImages:
        if split == "train":
            log.info("Found %s", self.layout.describe(self.num_classes))
        found, rows = self._rows(split)
        dataset = StreamedImages(found.paths, self.layout.labels(found, self.num_classes), self.decode)
        return dataset if rows is None else dataset.select(rows)

    def fingerprint(self, split: Split) -> str:
        """Return a hash of the files' paths, sizes and modification times, and of the decoding settings."""
        found, rows = self._rows(split)
        labels = self.layout.labels(found, self.num_classes)
        arrays = (found.paths.names, found.paths.ends, labels, read_stamps(found))
        files = digest(torch.from_numpy(array.copy()) for array in arrays)
        return digest_of_values("folder", os.path.realpath(found.root), files, rows, self.decode, self.on_error)

    def files(self, split: Split) -> list[Path]:
        """List the paths of a split.

        Raises:
            UserError: If there are no images.
        """
        found, rows = self._rows(split)
        return list(found.paths) if rows is None else [found.paths[row] for row in rows]

    def _rows(self, split: Split) -> tuple[FoundImages, list[int] | None]:
        """Return the images among which those of a split are, and their indices; None for all."""
        layout = self.layout
        if layout.test is not None:
            return (layout.train if split == "train" else layout.test), None
        return layout.train, hold_out(len(layout.train), self.test_share, split)
