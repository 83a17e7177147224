"""Finding the image files in a folder and its subfolders, and counting what is left out."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gan.data.image_paths import ImagePaths
from gan.errors import UserError
from gan.formats import printable
from gan.image_files import SUFFIXES

__all__ = ["FoundImages", "find_images"]

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


@dataclass(frozen=True)
class FoundImages:
    """Image files below a folder, sorted by path, and what else is there.

    Attributes:
        paths: Paths of the image files.
        folder_names: Names of the folders directly below the root that hold images, in alphabetical order; the empty
            name is the root itself.
        folder_numbers: For each image, the index of its folder's name, int32 with shape (N,).
        left_out: Number of files and folders that are left out, by reason.
        examples: The first of them, by reason.
        modified: Time at which each folder that was read was last modified, in nanoseconds, by its path.
    """

    paths: ImagePaths
    folder_names: list[str]
    folder_numbers: np.ndarray
    left_out: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    modified: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def root(self) -> Path:
        """The folder."""
        return self.paths.root

    @property
    def folders(self) -> Counter[str]:
        """Number of images in each folder directly below the root, in alphabetical order; "" is the root itself."""
        numbers = np.bincount(self.folder_numbers, minlength=len(self.folder_names))
        return Counter(dict(zip(self.folder_names, numbers.tolist(), strict=True)))

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
    search = _Search(root)
    search.run()
    found = search.result()
    if not len(found):
        others = found.describe_left_out()
        looked_for = " ".join(sorted(SUFFIXES))
        raise UserError(
            f"no image in {printable(str(root))} (looked for {looked_for})" + (others and f"; left out: {others}")
        )
    return found


class _Search:
    """Search of a folder, and what it has found so far."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.names, self.folders = list[str](), list[str]()  # of each image
        self.left_out, self.examples = Counter[str](), dict[str, str]()
        self.modified = dict[str, int]()

    def run(self) -> None:
        """Go through all folders."""
        below = len(str(self.root / "x")) - 1  # characters that all paths begin with
        top, ancestors = "", {self._enter(self.root)}
        seen = set(ancestors)
        levels = [_entries(self.root)]
        while levels:
            entry = next(levels[-1], None)
            if entry is None:
                levels.pop()
                continue
            if len(levels) == 1:
                top, seen = "", set(ancestors)
            if reason := _reason_to_leave_out(entry):
                self._leave_out(reason, entry)
            elif not entry.is_dir():
                self.names.append(entry.path[below:])
                self.folders.append(top)
            elif (identity := self._enter(entry)) in seen:
                self._leave_out("links to a folder that is read already", entry)
            else:
                top = top or entry.name
                seen.add(identity)
                levels.append(_entries(entry))

    def result(self) -> FoundImages:
        """Return what has been found."""
        folders = {name: number for number, name in enumerate(dict.fromkeys(self.folders))}
        numbers = np.array([folders[name] for name in self.folders], np.int32)
        paths = ImagePaths.of_names(self.root, self.names)
        return FoundImages(paths, list(folders), numbers, self.left_out, self.examples, self.modified)

    def _enter(self, folder: Path | os.DirEntry[str]) -> tuple[int, int]:
        """Note when a folder was modified, and return its identity."""
        status = Path(folder).stat()  # that of an entry lacks the numbers on Windows
        self.modified[os.fspath(folder)] = status.st_mtime_ns
        return status.st_dev, status.st_ino

    def _leave_out(self, reason: str, entry: os.DirEntry[str]) -> None:
        self.left_out[reason] += 1
        self.examples.setdefault(reason, entry.name)


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


def _entries(folder: Path | os.DirEntry[str]) -> Iterator[os.DirEntry[str]]:
    """List a folder in alphabetical order."""
    try:
        with os.scandir(folder) as entries:
            return iter(sorted(entries, key=lambda entry: os.path.normcase(entry.name)))
    except OSError as error:
        raise UserError(f"cannot list the folder {printable(os.fspath(folder))} ({error.strerror})") from error
