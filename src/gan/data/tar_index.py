"""Index of a tar file of samples: where each image lies, and its label; made once and cached."""

import json
import logging
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import overload
from zipfile import BadZipFile

import numpy as np

from gan.digest import digest_of_values
from gan.errors import UserError
from gan.formats import printable
from gan.image_files import SUFFIXES, EncodedImage
from gan.runs.writing import WriteError, atomic_path

__all__ = ["TarImages", "TarIndex", "read_index"]

log = logging.getLogger(__name__)

FORMAT = "1"  # part of the cache key: raise it with every change of the files' content


class CutOffError(tarfile.ReadError):
    """Error of a file that ends within a member."""


@dataclass(frozen=True)
class TarIndex:
    """Images in a tar file.

    Attributes:
        path: The file.
        names: Names of the images, as bytes, with shape (N,).
        offsets: Positions of their content in the file, int64 with shape (N,).
        sizes: Sizes in bytes, int64 with shape (N,).
        labels: Labels as bytes, with shape (N,); empty if there are none.
    """

    path: Path
    names: np.ndarray
    offsets: np.ndarray
    sizes: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.names)

    def read(self, row: int) -> EncodedImage:
        """Read an image."""
        with self.path.open("rb") as file:
            file.seek(self.offsets[row])
            name = self.names[row].decode("utf-8", "replace")
            return EncodedImage(f"{self.path}:{name}", file.read(self.sizes[row]))


class TarImages(Sequence[EncodedImage]):
    """Images of several tar files, each of which is read when it is indexed.

    Args:
        files: The files' indices.
    """

    def __init__(self, files: Sequence[TarIndex]) -> None:
        self.files = files
        self.starts = np.cumsum([0, *map(len, files)])

    def __len__(self) -> int:
        return int(self.starts[-1])

    @overload
    def __getitem__(self, index: int) -> EncodedImage: ...

    @overload
    def __getitem__(self, index: slice) -> list[EncodedImage]: ...

    def __getitem__(self, index: int | slice) -> EncodedImage | list[EncodedImage]:
        if isinstance(index, slice):
            return [self[row] for row in range(*index.indices(len(self)))]
        number = int(np.searchsorted(self.starts, index, side="right")) - 1
        return self.files[number].read(index - int(self.starts[number]))


def read_index(path: Path, image: str | None, label: str | None, cache: Path) -> TarIndex:
    """Return the index of a tar file, from the cache if the file has not changed since.

    A sample is a run of members whose names are equal up to the first dot of the last part, as WebDataset has them.

    Args:
        path: The file.
        image: Extension of the member that is the image, such as ``jpg``; None for the first image of a sample.
        label: Extension of the member that is the label, such as ``cls``, or ``json.FIELD``; None for no labels.
        cache: Folder of the cached indices.

    Raises:
        UserError: If the file is missing, damaged or compressed, or a sample has no label.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise UserError(f"data.path: cannot read {printable(str(path))} ({error.strerror})") from error
    key = digest_of_values(FORMAT, str(path.resolve()), status.st_size, status.st_mtime_ns, image, label)
    cached = cache / f"tar-{key[:32]}.npz"
    try:
        with np.load(cached) as arrays:
            return TarIndex(path, *(arrays[name] for name in ("names", "offsets", "sizes", "labels")))
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        log.warning("The cached index %s is damaged (%s); making it again", cached, type(error).__name__)
    index = make_index(path, image, label)
    try:
        with atomic_path(cached) as partial, partial.open("wb") as file:
            np.savez(file, names=index.names, offsets=index.offsets, sizes=index.sizes, labels=index.labels)
    except WriteError as error:
        log.warning("The index of %s cannot be cached (%s); the next start will make it again", path, error)
    return index


def make_index(path: Path, image: str | None, label: str | None) -> TarIndex:
    """Read the headers, and labels, of a tar file; see ``read_index``."""
    names, offsets, sizes, labels = list[bytes](), list[int](), list[int](), list[bytes]()
    label_extension, _, field = (label or "").partition(".")
    try:
        with tarfile.open(path, "r:") as tar:
            for key, members in _samples(tar):
                found = next((m for extension, m in members.items() if _is_image(extension, image)), None)
                if found is None:
                    continue
                if found.offset_data + found.size > path.stat().st_size:
                    raise CutOffError
                if label is not None:
                    labels.append(_label(tar, members.get(label_extension), field, f"{path}:{key}", label))
                names.append(found.name.encode())
                offsets.append(found.offset_data)
                sizes.append(found.size)
    except (tarfile.TarError, OSError) as error:
        is_cut = isinstance(error, CutOffError) or "unexpected end" in str(error)
        reason = "it is cut off" if is_cut else "only plain .tar files are read, and no compressed ones"
        raise UserError(f"data.path: {printable(str(path))} is no whole tar file ({reason})") from error
    if not names:
        looked_for = f"with the extension {image}" if image else "with an extension of an image"
        raise UserError(f"data.path: {printable(str(path))} has no members {looked_for}")
    return TarIndex(path, np.array(names), np.array(offsets), np.array(sizes), np.array(labels, "S"))


def _samples(tar: tarfile.TarFile) -> Iterator[tuple[str, dict[str, tarfile.TarInfo]]]:
    """Yield the samples of a tar file: their keys, and their members by extension."""
    current, members = "", dict[str, tarfile.TarInfo]()
    for member in tar:
        path = PurePosixPath(member.name)
        stem, _, extension = path.name.partition(".")
        if not member.isreg() or not stem:  # hidden files have no stem
            continue
        if (key := str(path.with_name(stem))) != current:
            if members:
                yield current, members
            current, members = key, {}
        members[extension.lower()] = member
    if members:
        yield current, members


def _is_image(extension: str, wanted: str | None) -> bool:
    return extension == wanted.lower() if wanted else f".{extension.rpartition('.')[2]}" in SUFFIXES


def _label(tar: tarfile.TarFile, member: tarfile.TarInfo | None, field: str, sample: str, label: str) -> bytes:
    """Return the label of a sample as text."""
    file = None if member is None else tar.extractfile(member)
    if file is None:
        raise UserError(f"data.label={label}: {printable(sample)} has no such member: data.label=null ignores labels")
    content = file.read()
    if field:
        try:
            content = str(json.loads(content)[field]).encode()
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"data.label={label}: the JSON of {printable(sample)} has no field {field}") from error
    return content.strip()
