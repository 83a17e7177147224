"""Finding the image files in a folder and its subfolders, and counting what is left out."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from gan.errors import UserError
from gan.formats import printable
from gan.image_files import SUFFIXES

__all__ = ["FoundImages", "ImageFile", "find_images"]

MAX_REASONS = 6  # that a message lists: each unknown suffix is one
SYSTEM_NAMES = {  # written by operating systems, file servers and archivers
    "#recycle",
    "#snapshot",
    "$recycle.bin",
    "@eadir",
    "__macosx",
    "desktop.ini",
    "ehthumbs.db",
    "lost+found",
    "system volume information",
    "thumbs.db",
}


class ImageFile(NamedTuple):
    """Image file, and the name of the folder directly below the root that holds it; empty for the root itself."""

    path: Path
    folder: str


@dataclass(frozen=True)
class FoundImages:
    """Image files below a folder, sorted by path, and what else is there.

    Attributes:
        root: The folder.
        files: The image files.
        left_out: Number of files and folders that are left out, by reason.
        examples: The first of them, by reason.
    """

    root: Path
    files: list[ImageFile] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    @property
    def folders(self) -> Counter[str]:
        """Number of images in each folder directly below the root, in alphabetical order; "" is the root itself."""
        return Counter(file.folder for file in self.files)

    def leave_out(self, reason: str, name: str) -> None:
        """Count a file or folder that is left out."""
        self.left_out[reason] += 1
        self.examples.setdefault(reason, name)

    def describe_left_out(self) -> str:
        """List what is left out, with its number and an example of each reason; empty if there is nothing."""
        common = self.left_out.most_common(MAX_REASONS)
        parts = [f"{number:,} {printable(why, 60)} ({printable(self.examples[why], 60)})" for why, number in common]
        others = self.left_out.total() - sum(number for _, number in common)
        return ", ".join([*parts, *([f"{others:,} others"] if others else [])])


def find_images(root: Path) -> FoundImages:
    """Find the image files in a folder and its subfolders, by suffix; links are followed.

    Hidden files, files of the system, and whatever is not a regular file are left out. Within each folder directly
    below the root, a folder is read once, however many links lead to it.

    Raises:
        UserError: If there is no such folder, one cannot be listed, or there are no images.
    """
    if not root.is_dir():
        raise UserError(f"{printable(str(root))} is not a folder")
    found = FoundImages(root)
    top, ancestors = "", {_identity(root)}
    seen = set(ancestors)
    levels = [_entries(root)]
    while levels:
        entry = next(levels[-1], None)
        if entry is None:
            levels.pop()
            continue
        if len(levels) == 1:
            top, seen = "", set(ancestors)
        if reason := _reason_to_leave_out(entry):
            found.leave_out(reason, entry.name)
        elif not entry.is_dir():
            found.files.append(ImageFile(Path(entry.path), top))
        elif (identity := _identity(entry)) in seen:
            found.leave_out("links to a folder that is read already", entry.name)
        else:
            top = top or entry.name
            seen.add(identity)
            levels.append(_entries(entry))
    if not found.files:
        others = found.describe_left_out()
        looked_for = " ".join(sorted(SUFFIXES))
        raise UserError(
            f"no image in {printable(str(root))} (looked for {looked_for})" + (others and f"; left out: {others}")
        )
    return found


def _reason_to_leave_out(entry: os.DirEntry[str]) -> str | None:
    if entry.name.startswith(".") or entry.name.lower() in SYSTEM_NAMES:
        return "hidden or of the system"
    try:
        if entry.is_dir():
            return None
        is_file = entry.is_file()
    except OSError:  # a link that leads to itself, or into a folder that may not be entered
        is_file = False
    _, dot, suffix = entry.name.lower().rpartition(".")
    if dot + suffix not in SUFFIXES:
        return dot + suffix if dot else "without suffix"
    if not is_file:
        return "broken links" if entry.is_symlink() else "not regular files"
    return None


def _identity(folder: Path | os.DirEntry[str]) -> tuple[int, int]:
    status = Path(folder).stat()  # that of an entry lacks the numbers on Windows
    return status.st_dev, status.st_ino


def _entries(folder: Path | os.DirEntry[str]) -> Iterator[os.DirEntry[str]]:
    """List a folder in alphabetical order."""
    try:
        with os.scandir(folder) as entries:
            return iter(sorted(entries, key=lambda entry: os.path.normcase(entry.name)))
    except OSError as error:
        raise UserError(f"cannot list the folder {printable(os.fspath(folder))} ({error.strerror})") from error
