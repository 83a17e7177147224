"""Index of a folder of many images, kept between runs: the files that were found, and their sizes and times."""

import json
import logging
import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from platformdirs import user_cache_dir

from gan.data.find_images import FoundImages, find_images
from gan.data.image_paths import ImagePaths
from gan.data.order import evenly_spaced
from gan.digest import digest_of_values
from gan.runs.writing import WriteError, atomic_path

__all__ = ["find_or_recall", "read_stamps"]

log = logging.getLogger(__name__)

FORMAT = "1"  # part of the cache key: raise it with every change of the files' content
MIN_IMAGES = 10_000  # of a folder that is indexed; smaller ones are read at once
MIN_AGE = 2 * 10**9  # nanoseconds since the last change of an indexed folder; clocks of file systems are coarse
SAMPLE = 100  # files whose sizes and times are compared with the index
BLOCK = 1000  # files that a thread looks at
MISSING = (-1, -1)


def find_or_recall(root: Path, cache: Path | None = None) -> FoundImages:
    """Find the image files in a folder, or recall them from an index, if no folder below has changed since.

    A file that is added, removed or renamed changes its folder's time of modification.

    Args:
        root: The folder.
        cache: Folder of the indices; None for the user's cache folder.

    Raises:
        UserError: See ``find_images``.
    """
    path = _index_path(root, cache)
    if (recalled := _recall(root, path)) is not None:
        return recalled
    found = find_images(root)
    if len(found) >= MIN_IMAGES and time.time_ns() - max(found.modified.values()) > MIN_AGE:
        header = {name: getattr(found, name) for name in ("folder_names", "left_out", "examples", "modified")}
        arrays = {"names": found.paths.names, "ends": found.paths.ends, "folder_numbers": found.folder_numbers}
        _save(path, arrays | {"header": np.frombuffer(json.dumps(header).encode(), np.uint8)})
    return found


def read_stamps(found: FoundImages, cache: Path | None = None) -> np.ndarray:
    """Return the sizes of images in bytes, and their times of modification in nanoseconds, int64 with shape (N, 2).

    Those of many images are recalled, if a sample of them has not changed. A missing file has -1.

    Args:
        found: The images.
        cache: Folder of the indices; None for the user's cache folder.
    """
    path = _index_path(found.root, cache).with_suffix(".stamps.npz")
    key = np.frombuffer(digest_of_values(found.modified, len(found)).encode(), np.uint8)
    try:
        with np.load(path) as arrays:
            stamps: np.ndarray = arrays["stamps"]
            sample = list(evenly_spaced(len(found), SAMPLE))
            if np.array_equal(arrays["key"], key) and np.array_equal(stamps[sample], _stamps(found.paths, sample)):
                return stamps
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        log.warning("The index %s is damaged (%s); making it again", path, type(error).__name__)
    blocks = [range(start, min(start + BLOCK, len(found))) for start in range(0, len(found), BLOCK)]
    with ThreadPoolExecutor() as pool:  # files of a network are waited for
        stamps = np.concatenate(list(pool.map(lambda block: _stamps(found.paths, block), blocks)))
    if len(found) >= MIN_IMAGES:
        _save(path, {"stamps": stamps, "key": key})
    return stamps


def _recall(root: Path, path: Path) -> FoundImages | None:
    """Return the images of an index; None if there is none, or a folder has changed."""
    try:
        with np.load(path) as arrays:
            header: dict[str, Any] = json.loads(arrays["header"].tobytes())
            if any(_modified(folder) != time for folder, time in header["modified"].items()):
                return None
            paths = ImagePaths(root, arrays["names"], arrays["ends"])
            header["left_out"] = Counter(header["left_out"])
            return FoundImages(paths, folder_numbers=arrays["folder_numbers"], **header)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
        log.warning("The index %s is damaged (%s); making it again", path, type(error).__name__)
        return None


def _index_path(root: Path, cache: Path | None) -> Path:
    key = digest_of_values(FORMAT, str(root), os.path.realpath(root))
    return (cache or Path(user_cache_dir("gan"))) / f"folder-{key[:32]}.npz"


def _save(path: Path, arrays: dict[str, Any]) -> None:
    try:
        with atomic_path(path) as partial, partial.open("wb") as file:
            np.savez(file, **arrays)
    except WriteError as error:
        log.warning("The index of a folder cannot be cached (%s); the next start will make it again", error)


def _modified(folder: str) -> int | None:
    """Return when a folder was modified; None for a missing one."""
    try:
        return Path(folder).stat().st_mtime_ns
    except OSError:
        return None


def _stamps(paths: ImagePaths, indices: range | list[int]) -> np.ndarray:
    return np.array([_stamp(paths[index]) for index in indices], np.int64).reshape(-1, 2)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except FileNotFoundError:  # named when it is read
        return MISSING
    return status.st_size, status.st_mtime_ns
