"""Source of rows in tar files, local or downloaded once."""

import re
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

from platformdirs import user_cache_dir
from pydantic import Field

from gan.bounds import PositiveInt
from gan.data.base import Split
from gan.data.download import download
from gan.data.own_rows import OwnRows
from gan.data.rows import Rows
from gan.data.tar_index import TarIndex, read_index
from gan.data.tar_rows import TarRows
from gan.errors import UserError
from gan.formats import listed, printable
from gan.progress import progress_bar
from gan.runs.folder import OutputPath

__all__ = ["Shards", "expand_braces"]

ShardPath = Annotated[str, Field(examples=["FOLDER"])]
MAX_SHARDS = 100_000
MAX_NAMES = 10  # missing shards that are named


class Shards(OwnRows):
    """Samples in tar files, shards, that WebDataset's tools write (Aizman et al., 2019).

    An index of each shard, with the positions of its images and its text, is made at the first start and cached. Images
    are read one by one, so that a run resumes exactly where it stood, on any number of ranks. An epoch goes through the
    shards in a random order, and through the images of a few shards at a time in a random order.

    A column is the extension of a member, such as ``jpg`` or ``cls``; one of text may be a field, ``json.FIELD``.

    Args:
        path: Folder of ``.tar`` files, a pattern such as ``photos-*.tar`` or ``photos-{000..099}.tar``, or a URL, which
            may have braces too. Files of URLs are downloaded once to ``cache``.
        test_path: Held-out images in the same form; None to hold out a fixed share of the images.
        mixed_shards: Number of shards whose images are shuffled together.
        cache: Folder of indices and downloaded files; None for the user's cache folder.
        **settings: Arguments of the kind of example, and of OwnRows.

    Raises:
        UserError: If there are no shards, or some of those that braces stand for; if one is cut off or damaged, or a
            sample lacks a column.
    """

    def __init__(
        self,
        path: ShardPath,
        test_path: str | None = None,
        mixed_shards: PositiveInt = 8,
        cache: OutputPath | None = None,
        **settings: Any,
    ) -> None:
        self.path, self.test_path, self.mixed_shards = path, test_path, mixed_shards
        self.cache = Path(cache or user_cache_dir("gan"))
        super().__init__(**settings)

    @cached_property
    def shards(self) -> list[TarIndex]:
        """Indices of the shards of training images, or of all images if none are given as held out."""
        return self._read_shards(self.path, "data.path")

    def read(self, split: Split) -> Rows | None:
        if split == "train":
            return TarRows(self.shards, self.columns, self.mixed_shards, self.path)
        if self.test_path is None:
            return None
        held_out = self._read_shards(self.test_path, "data.test_path")
        return TarRows(held_out, self.columns, self.mixed_shards, self.test_path)

    def _read_shards(self, pattern: str, option: str) -> list[TarIndex]:
        paths = find_shards(pattern, option, self.cache)
        return [read_index(path, self.columns, self.cache) for path in progress_bar(paths, len(paths), "Shards")]


def find_shards(pattern: str, option: str, cache: Path) -> list[Path]:
    """List the files of a folder, a pattern, or a URL, which are downloaded unless they are in the cache.

    Raises:
        UserError: If there are none, or some that braces stand for are missing.
    """
    expanded = expand_braces(pattern)
    if re.match(r"https?://", pattern):
        return [download(url, cache / "shards") for url in expanded]
    found = {name: _files(Path(name)) for name in expanded}
    missing = [printable(Path(name).name) for name, files in found.items() if not files]
    if len(missing) == len(expanded):
        raise UserError(f"{option}: {printable(pattern)} matches no .tar files")
    if missing:
        raise UserError(
            f"{option}: {len(missing):,} of the {len(expanded):,} shards of {printable(pattern)} are missing: "
            f"{listed(missing[:MAX_NAMES], len(missing))}"
        )
    return sorted(chain.from_iterable(found.values()))


def _files(path: Path) -> list[Path]:
    """Return the files of a folder, or of a pattern."""
    path = path / "*.tar" if path.is_dir() else path
    return list(path.parent.glob(path.name))


def expand_braces(pattern: str) -> list[str]:
    """Return the names that a pattern such as ``a-{000..099}.tar`` stands for; numbers keep their leading zeros.

    Raises:
        UserError: If there are very many.
    """
    found = re.search(r"\{(\d+)\.\.(\d+)\}", pattern)
    if found is None:
        return [pattern]
    first, last = found.groups()
    if not 0 <= int(last) - int(first) < MAX_SHARDS:
        raise UserError(
            f"data.path: {found.group()} in {printable(pattern)} is no range of up to {MAX_SHARDS:,} numbers"
        )
    numbers = (f"{number:0{len(first)}d}" for number in range(int(first), int(last) + 1))
    return [
        name for number in numbers for name in expand_braces(pattern[: found.start()] + number + pattern[found.end() :])
    ]
