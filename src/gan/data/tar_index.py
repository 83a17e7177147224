"""Index of a tar file of samples: where each image lies, and its text; made once and cached."""

import json
import logging
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from zipfile import BadZipFile

import numpy as np

from gan.data.rows import Column, Columns
from gan.data.tar_members import whole_members
from gan.digest import digest_of_values
from gan.errors import UserError
from gan.formats import printable
from gan.image_files import SUFFIXES
from gan.runs.writing import WriteError, atomic_path

__all__ = ["TarIndex", "is_field", "read_index", "sample_key"]

log = logging.getLogger(__name__)

FORMAT = "3"  # part of the cache key: raise it with every change of the files' content
JSON = "json."
Members = dict[str, tarfile.TarInfo]


@dataclass(frozen=True)
class TarIndex:
    """Samples of a tar file, with I images each.

    Attributes:
        path: The file.
        names: Names of the images, as bytes, with shape (N, I).
        offsets: Positions of their content in the file, int64 with shape (N, I).
        sizes: Sizes in bytes, int64 with shape (N, I).
        encoded_texts: JSON of the text of each column and sample, uint8 with shape (number of bytes,).
    """

    path: Path
    names: np.ndarray
    offsets: np.ndarray
    sizes: np.ndarray
    encoded_texts: np.ndarray

    def __len__(self) -> int:
        return len(self.names)

    def texts(self) -> list[list[Any]]:
        """Return the text of each column and sample: a string, a list of strings, or None if there is none."""
        texts: list[list[Any]] = json.loads(self.encoded_texts.tobytes())
        return texts


def read_index(path: Path, columns: Columns, cache: Path) -> TarIndex:
    """Return the index of a tar file, from the cache if the file has not changed since.

    A sample is a run of members whose names are equal up to the first dot of the last part, as WebDataset has them.

    Args:
        path: The file.
        columns: Extensions of the members that are images, such as ``jpg``, None for the first image of a sample; and
            of those that are text, such as ``cls``, or ``json.FIELD``.
        cache: Folder of the cached indices.

    Raises:
        UserError: If the file is missing, cut off, damaged or compressed, or a sample has some images and lacks
            another.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise UserError(f"data.path: cannot read {printable(str(path))} ({error.strerror})") from error
    names = [[column.name for column in kind] for kind in columns]
    key = digest_of_values(FORMAT, str(path.resolve()), status.st_size, status.st_mtime_ns, names)
    cached = cache / f"tar-{key[:32]}.npz"
    try:
        with np.load(cached) as arrays:
            return TarIndex(path, *(arrays[name] for name in ("names", "offsets", "sizes", "texts")))
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        log.warning("The cached index %s is damaged (%s); making it again", cached, type(error).__name__)
    index = make_index(path, columns)
    try:
        with atomic_path(cached) as partial, partial.open("wb") as file:
            arrays = {"names": index.names, "offsets": index.offsets, "sizes": index.sizes}
            np.savez(file, texts=index.encoded_texts, **arrays)
    except WriteError as error:
        log.warning("The index of %s cannot be cached (%s); the next start will make it again", path, error)
    return index


def make_index(path: Path, columns: Columns) -> TarIndex:
    """Read the headers, and text, of a tar file; see ``read_index``."""
    images, texts = list[list[tarfile.TarInfo]](), list[list[Any]]()
    try:
        with tarfile.open(path, "r:") as tar:
            for key, members in _samples(whole_members(tar, path)):
                if found := _images(members, columns.images, f"{path}:{key}"):
                    images.append(found)
                    texts.append([_text(tar, members, str(column.name)) for column in columns.texts])
    except (tarfile.TarError, OSError) as error:
        reason = "only plain .tar files are read, and no compressed ones"
        raise UserError(f"data.path: {printable(str(path))} is no whole tar file ({reason})") from error
    if not images:
        names = [column.name for column in columns.images if column.name is not None]
        looked_for = f"with the extension {' or '.join(names)}" if names else "with an extension of an image"
        raise UserError(f"data.path: {printable(str(path))} has no members {looked_for}")
    by_column = [list(values) for values in zip(*texts, strict=True)]
    return TarIndex(
        path,
        np.array([[image.name.encode() for image in row] for row in images]),
        np.array([[image.offset_data for image in row] for row in images]),
        np.array([[image.size for image in row] for row in images]),
        np.frombuffer(json.dumps(by_column).encode(), np.uint8),
    )


def is_field(name: str) -> bool:
    """Return whether a column of text is a field of a JSON member, and not a whole member."""
    return name.startswith(JSON)


def sample_key(name: str) -> str:
    """Return the name of a member up to the first dot of its last part; empty for hidden files."""
    path = PurePosixPath(name)
    stem = path.name.partition(".")[0]
    return str(path.with_name(stem)) if stem else ""


def _samples(tar: Iterable[tarfile.TarInfo]) -> Iterator[tuple[str, Members]]:
    """Yield the samples of a tar file: their keys, and their members by extension."""
    current, members = "", Members()
    for member in tar:
        key = sample_key(member.name)
        if not member.isreg() or not key:
            continue
        if key != current:
            if members:
                yield current, members
            current, members = key, Members()
        members[PurePosixPath(member.name).name.partition(".")[2].lower()] = member
    if members:
        yield current, members


def _images(members: Members, columns: tuple[Column, ...], sample: str) -> list[tarfile.TarInfo]:
    """Return the images of a sample; none if it has none of the columns."""
    found = [
        next((m for extension, m in members.items() if _is_image(extension, column.name)), None) for column in columns
    ]
    images = [image for image in found if image is not None]
    if images and len(images) < len(found):
        raise UserError(f"{columns[found.index(None)]}: {printable(sample)} has no such member, but other images")
    return images


def _is_image(extension: str, wanted: str | None) -> bool:
    return extension == wanted.lower() if wanted else f".{extension.rpartition('.')[2]}" in SUFFIXES


def _text(tar: tarfile.TarFile, members: Members, name: str) -> Any:
    """Return the text of a member, or of a field of one, without white space at its ends; None if there is none."""
    field = name.removeprefix(JSON) if is_field(name) else None
    member = members.get((name if field is None else "json").lower())
    file = None if member is None else tar.extractfile(member)
    if file is None:
        return None
    text = file.read().decode("utf-8", "replace").strip()
    if field is None:
        return text
    try:
        value = json.loads(text)[field]
    except (ValueError, KeyError, TypeError):
        return None
    if value is None or (isinstance(value, list) and all(isinstance(item, str) for item in value)):
        return value
    return str(value).strip()
