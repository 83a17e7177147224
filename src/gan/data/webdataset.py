"""Images in tar files, as WebDataset stores them, local or downloaded once."""

import logging
import re
from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from platformdirs import user_cache_dir
from pydantic import Field

from gan.bounds import Classes, PositiveInt
from gan.data.base import Split
from gan.data.download import download
from gan.data.order import Blocks, hold_out
from gan.data.own_images import OwnImages
from gan.data.streamed_images import StreamedImages
from gan.data.tar_index import TarImages, TarIndex, read_index
from gan.digest import digest_of_values
from gan.errors import UserError
from gan.formats import printable
from gan.progress import progress_bar
from gan.runs.folder import OutputPath

__all__ = ["WebDataset"]

log = logging.getLogger(__name__)

ShardPath = Annotated[str, Field(examples=["FOLDER"])]
MAX_SHARDS = 100_000


class WebDataset(OwnImages):
    """Images in tar files, shards, that WebDataset's tools write (Aizman et al., 2019).

    An index of each shard, with the positions and labels of its images, is made at the first start and cached. Images
    are read one by one, so that a run resumes exactly where it stood, on any number of ranks. An epoch goes through the
    shards in a random order, and through the images of a few shards at a time in a random order.

    Args:
        path: Folder of ``.tar`` files, a pattern such as ``photos-*.tar`` or ``photos-{000..099}.tar``, or a URL, which
            may have braces too. Files of URLs are downloaded once to ``cache``.
        test_path: Held-out images in the same form; None to hold out a fixed share of the images.
        num_classes: Number of classes; 1 ignores labels. None takes the number that is found.
        image: Extension of the member that is the image, such as ``jpg``; None for the first image of each sample.
        label: Extension of the member that is the label, such as ``cls``, or ``json.FIELD``; None for no labels.
        mixed_shards: Number of shards whose images are shuffled together.
        cache: Folder of indices and downloaded files; None for the user's cache folder.
        **settings: Arguments of OwnImages.

    Raises:
        UserError: If there are no shards, one is damaged, or labels are missing.
    """

    def __init__(
        self,
        path: ShardPath,
        test_path: str | None = None,
        num_classes: Classes | None = None,
        image: str | None = None,
        label: str | None = None,
        mixed_shards: PositiveInt = 8,
        cache: OutputPath | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(num_classes=num_classes, **settings)
        self.path, self.test_path, self.image = path, test_path, image
        self.label, self.mixed_shards = None if num_classes == 1 else label, mixed_shards
        self.cache = Path(cache or user_cache_dir("gan"))
        if num_classes is None:
            self.num_classes = len(self.classes) or 1

    @cached_property
    def shards(self) -> list[TarIndex]:
        """Indices of the shards of training images, or of all images if none are given as held out."""
        return self._read(self.path, "data.path")

    @cached_property
    def test_shards(self) -> list[TarIndex]:
        """Indices of the shards of held-out images, if they are given."""
        return [] if self.test_path is None else self._read(self.test_path, "data.test_path")

    @cached_property
    def classes(self) -> list[bytes]:
        """Labels that occur, in numerical order if all of them are numbers, and in alphabetical order otherwise."""
        found = {label for shard in self.shards for label in np.unique(shard.labels).tolist()}
        return sorted(found, key=int) if all(label.isdigit() for label in found) else sorted(found)

    def encoded(self, split: Split) -> StreamedImages:
        held_out = bool(self.test_shards) and split == "test"
        shards = self.test_shards if held_out else self.shards
        images = TarImages(shards)
        if split == "train":
            log.info("Found %s images in %s shards of %s", f"{len(images):,}", f"{len(shards):,}", printable(self.path))
        dataset = StreamedImages(
            images, self._labels(shards), self.decode, Blocks(images.starts[:-1], self.mixed_shards)
        )
        if self.test_shards:
            return dataset
        if len(images) < 4:
            raise UserError(f"data.path: {printable(self.path)} has {len(images)} images, too few to hold some out")
        return dataset.select(hold_out(len(images), self.test_share, split))

    def fingerprint(self, split: Split) -> str:
        """Return a hash of the shards' images, and of the settings of their decoding."""
        shards = self.test_shards if self.test_shards and split == "test" else self.shards
        files = [(str(shard.path.resolve()), shard.path.stat().st_mtime_ns, len(shard)) for shard in shards]
        share = None if self.test_shards else (self.test_share, split)
        return digest_of_values("webdataset", files, share, self.image, self.label, self.decode, self.on_error)

    def _labels(self, shards: Sequence[TarIndex]) -> np.ndarray:
        """Return the classes of all images, int64.

        Raises:
            UserError: If there are others than ``num_classes``.
        """
        if self.num_classes == 1:
            return np.zeros(sum(map(len, shards)), np.int64)
        if len(self.classes) != self.num_classes:
            raise UserError(
                f"data.num_classes={self.num_classes}, but {printable(self.path)} has {len(self.classes) or 'no'} "
                f"classes with data.label={self.label or 'null'}"
            )
        number = {label: index for index, label in enumerate(self.classes)}
        try:
            return np.array([number[label] for shard in shards for label in shard.labels.tolist()], np.int64)
        except KeyError as error:
            label = error.args[0].decode("utf-8", "replace")
            raise UserError(
                f"data.test_path: {printable(str(self.test_path))} has the class {printable(label)}, which "
                f"{printable(self.path)} has not"
            ) from error

    def _read(self, pattern: str, option: str) -> list[TarIndex]:
        paths = find_shards(pattern, option, self.cache)
        return [
            read_index(path, self.image, self.label, self.cache) for path in progress_bar(paths, len(paths), "Shards")
        ]


def find_shards(pattern: str, option: str, cache: Path) -> list[Path]:
    """List the files of a folder, a pattern, or a URL, which are downloaded unless they are in the cache.

    Raises:
        UserError: If there are none.
    """
    expanded = expand_braces(pattern)
    if re.match(r"https?://", pattern):
        return [download(url, cache / "shards") for url in expanded]
    paths = [Path(name) / "*.tar" if Path(name).is_dir() else Path(name) for name in expanded]
    found = sorted(chain.from_iterable(path.parent.glob(path.name) for path in paths))
    if not found:
        raise UserError(f"{option}: {printable(pattern)} matches no .tar files")
    return found


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
