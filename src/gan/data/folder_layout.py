"""Layout of a folder of images: its training and held-out images, and the folders that are classes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gan.data.find_images import FoundImages
from gan.data.folder_index import find_or_recall
from gan.errors import UserError
from gan.formats import listed, printable
from gan.image_files import open_image

__all__ = ["FolderLayout", "read_layout"]

TRAIN_NAMES = ("train", "training")
TEST_NAMES = ("test", "testing", "val", "valid", "validation")  # the first one that exists is held out
MAX_NAMES = 6  # that a message lists
MAX_HEADERS = 100  # that are read for a description


@dataclass(frozen=True)
class FolderLayout:
    """Images of a folder.

    Attributes:
        train: Training images; all images, if none are held out by a folder of their own.
        test: Held-out images of such a folder.
        unused: Further folders that are named like a split.
    """

    train: FoundImages
    test: FoundImages | None = None
    unused: tuple[str, ...] = ()

    @property
    def classes(self) -> list[str]:
        """Class names: the folders directly below the training images' folder, if there are no images beside them."""
        names = self.train.folder_names
        return [] if "" in names else list(names)

    @property
    def shared_classes(self) -> list[str]:
        """Class names; none if held-out images are of other classes, or of none."""
        known = self.classes
        return [] if self.test is not None and not set(self.test.folder_names) <= set(known) else known

    def labels(self, images: FoundImages, num_classes: int) -> np.ndarray:
        """Return the classes of images, numbered by the training images' classes, int64 with shape (N,).

        Raises:
            UserError: If there are not as many classes, or an image is of none of them.
        """
        if num_classes == 1:
            return np.zeros(len(images), np.int64)
        numbers = {name: number for number, name in enumerate(self.classes)}
        root = printable(str(self.train.root))
        if num_classes != (len(numbers) or 1):
            found = f"{len(numbers)}: {_list(self.classes)}" if numbers else f"none: {self._reason_for_no_classes()}"
            raise UserError(f"data.num_classes={num_classes}, but {root} has {found}")
        unknown = [number for number, name in enumerate(images.folder_names) if name not in numbers]
        if unknown:
            folder = images.folder_names[unknown[0]]
            path = images.paths[int(np.flatnonzero(images.folder_numbers == unknown[0])[0])]
            whose = f"of class {printable(folder, 60)}" if folder else "of no class"
            raise UserError(
                f"data.test_path: {printable(str(path))} is {whose}, but {root} has {_list(self.classes)}: "
                "rename its folder, or ignore classes with data.num_classes=1"
            )
        return np.array([numbers[name] for name in images.folder_names], np.int64)[images.folder_numbers]

    def describe(self, num_classes: int) -> str:
        """Describe in one line the images that were found, their classes and sizes, and what was left out."""
        parts = [f"{len(self.train):,} images in {printable(str(self.train.root))}"]
        if num_classes > 1:
            parts.append(f"classes: {_list(self.classes, self.train)}")
        elif self.classes:
            ignored = "data.num_classes=1" if self.shared_classes else "held-out images have others"
            parts.append(f"classes ignored ({ignored}): {_list(self.classes, self.train)}")
        else:
            parts.append(f"no classes, since {self._reason_for_no_classes()}")
        parts.append(_describe_sizes(self.train))
        if self.test is not None:
            parts.append(f"held out: {len(self.test):,} in {printable(str(self.test.root))}")
        if self.unused:
            parts.append(f"unused folders: {_list(self.unused)}")
        for found in (self.train, self.test):
            if found is not None and (left_out := found.describe_left_out()):
                parts.append(f"left out of {printable(str(found.root))}: {left_out}")
        return "; ".join(parts)

    def _reason_for_no_classes(self) -> str:
        if len(self.train.folder_names) == 1:
            return "it has no folders of images"
        root = self.train.folder_names.index("")
        beside = self.train.paths[int(np.flatnonzero(self.train.folder_numbers == root)[0])].name
        return f"images lie beside its folders, such as {printable(beside, 60)}: move them into folders to have classes"


def read_layout(path: Path, test_path: Path | None) -> FolderLayout:
    """Find the images of a folder, and those that are held out.

    A folder that consists of ``train`` and ``test``, or ``val``, is read as these two. If ``test_path`` is the folder
    itself, all its images are in both.

    Raises:
        UserError: If a folder is missing or has no images, or it is unclear which images are held out.
    """
    found = _find(path, "data.path")
    if test_path == path:
        return FolderLayout(found, found)
    layout = _read_splits(found) or FolderLayout(found)
    return layout if test_path is None else replace(layout, test=_find(test_path, "data.test_path"))


def _find(folder: Path, option: str) -> FoundImages:
    try:
        return find_or_recall(folder)
    except UserError as error:
        raise UserError(f"{option}: {error}") from error


def _read_splits(found: FoundImages) -> FolderLayout | None:
    """Return the layout of a folder that consists of splits; None for another folder."""
    root, folders = found.root, {name.lower(): name for name in found.folder_names}
    train = next((folders[name] for name in TRAIN_NAMES if name in folders), None)
    tests = [folders[name] for name in TEST_NAMES if name in folders]
    if train is None:
        return None
    if others := [name or "images" for name in folders.values() if name not in (train, *tests)]:
        if not tests:  # a class may be called "train"
            return None
        raise UserError(
            f"data.path: {printable(str(root))} holds {train} and {tests[0]} beside {_list(others)}: "
            f"name data.path={printable(str(root / train))} data.test_path={printable(str(root / tests[0]))}"
        )
    test = find_or_recall(root / tests[0]) if tests else None
    return FolderLayout(find_or_recall(root / train), test, tuple(tests[1:]))


def _list(names: Sequence[str], counted: FoundImages | None = None) -> str:
    """List the first names, each with the number of its images if these are given."""
    counts = counted.folders if counted is not None else {}
    shown = [printable(name, 60) + (f" {counts[name]:,}" if counts else "") for name in names[:MAX_NAMES]]
    return listed(shown, len(names))


def _describe_sizes(found: FoundImages) -> str:
    """Describe the sizes of up to 100 images, evenly spaced over the files."""
    num, sizes, unreadable = min(MAX_HEADERS, len(found)), set[tuple[int, int]](), 0
    for index in range(num):
        try:
            with open_image(found.paths[index * len(found) // num]) as image:
                sizes.add(image.size)
        except UserError:  # counted here; reading the pixels will name it
            unreadable += 1
    by_area = sorted(sizes, key=lambda size: (size[0] * size[1], size))
    text = " to ".join(dict.fromkeys(f"{width}x{height}" for width, height in by_area[:1] + by_area[-1:]))
    of_some = f" (of {num} looked at)" if num < len(found) else ""
    return f"{text or 'unknown'} pixels{of_some}" + (f", {unreadable} unreadable" if unreadable else "")
