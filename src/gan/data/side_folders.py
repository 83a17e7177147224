"""Folders with two sides, A and B: their layouts, as the users of pix2pix and CycleGAN have them."""

import os
from pathlib import Path
from typing import Literal, NamedTuple

from gan.data.folder_layout import MAX_NAMES, TEST_NAMES, TRAIN_NAMES
from gan.errors import UserError
from gan.formats import printable

__all__ = ["LAYOUTS", "Direction", "SideFolders", "describe_folder", "find_sides", "find_splits"]

Direction = Literal["AtoB", "BtoA"]
"""Side of the source images, and side of the images to generate."""

LAYOUTS = "trainA and trainB, A/train and B/train, train/A and train/B, or A and B"
PATTERNS = ("{split}{side}", "{split}_{side}", "{side}/{split}", "{split}/{side}")


class SideFolders(NamedTuple):
    """Folders of the training and the held-out images of a side; None if no folder is held out."""

    train: Path
    test: Path | None = None


def find_sides(path: Path, source_path: Path | None = None) -> tuple[SideFolders, SideFolders] | None:
    """Find the folders of A and of B.

    The names of splits are those of image folders: ``val`` is held out if there is no ``test``.

    Args:
        path: Folder with both sides, or of B alone.
        source_path: Folder of A, if it is apart.

    Returns:
        A and B; None if there is neither.

    Raises:
        UserError: If a folder does not exist, or has one side alone.
    """
    for option, root in (("data.path", path), ("data.source_path", source_path)):
        if root is not None and not root.is_dir():
            raise UserError(f"{option}: {printable(str(root))} is not a folder")
    if source_path is not None:
        return find_splits(source_path) or SideFolders(source_path), find_splits(path) or SideFolders(path)
    for pattern in PATTERNS:
        sides = [_find_splits(path, pattern, side) for side in "AB"]
        if (found := _both(path, *sides)) is not None:
            return found
    return _both(path, *(SideFolders(path / side) if (path / side).is_dir() else None for side in "AB"))


def find_splits(root: Path) -> SideFolders | None:
    """Find the folders ``train`` and ``test`` of images; None if there is no ``train``."""
    return _find_splits(root, "{split}", "")


def describe_folder(root: Path) -> str:
    """Describe in a few words the folders that a folder has, or name its parent if that has a layout."""
    if root.name in ("A", "B", *TRAIN_NAMES) or root.name[:-1] in TRAIN_NAMES:
        return f"did you mean data.path={printable(str(root.parent))}?"
    names = sorted(entry.name for entry in os.scandir(root) if entry.is_dir() and not entry.name.startswith("."))
    listed = [*(printable(name, 60) for name in names[:MAX_NAMES]), *(["..."] if len(names) > MAX_NAMES else [])]
    return f"it has {', '.join(listed) or 'no folders'}"


def _find_splits(root: Path, pattern: str, side: str) -> SideFolders | None:
    train, test = (
        next((path for name in names if (path := root / pattern.format(split=name, side=side)).is_dir()), None)
        for names in (TRAIN_NAMES, TEST_NAMES)
    )
    return None if train is None else SideFolders(train, test)


def _both(root: Path, a: SideFolders | None, b: SideFolders | None) -> tuple[SideFolders, SideFolders] | None:
    if a is not None and b is not None:
        return a, b
    if (alone := a or b) is not None:
        other = "B" if a is not None else "A"
        raise UserError(
            f"data.path: {printable(str(root))} has {printable(str(alone.train.relative_to(root)))}, but no images of "
            f"{other}: it needs {LAYOUTS}"
        )
    return None
