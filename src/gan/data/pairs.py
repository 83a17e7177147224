"""Pairs of images on disk: side by side in one file, or two folders with files of the same names."""

import logging
import os
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from gan.data.base import Split
from gan.data.folder_index import find_or_recall
from gan.data.image_folder import FolderPath
from gan.data.matched_files import FilePair, match_by_name
from gan.data.order import hold_out
from gan.data.paired import Paired
from gan.data.side_folders import LAYOUTS, Direction, SideFolders, describe_folder, find_sides, find_splits
from gan.data.streamed_images import Decoder, Half, StreamedImages
from gan.digest import digest_of_values
from gan.errors import UserError
from gan.formats import printable

__all__ = ["Pairs"]

log = logging.getLogger(__name__)


class Pairs(Paired):
    """Images, each with the source image that it is generated from.

    The folder has one of these layouts. Where ``test`` is missing, ``val`` is held out, or else a share of all pairs.

    - ``train`` and ``test`` with images whose left half is A and whose right half is B, as pix2pix's data sets have;
    - ``trainA``, ``testA``, ``trainB`` and ``testB``, with files of the same names in A and B;
    - ``A/train``, ``A/test``, ``B/train`` and ``B/test``, or ``train/A``, ..., likewise;
    - ``A`` and ``B``, likewise.

    Args:
        path: The folder; that of B alone with ``source_path``.
        source_path: Folder of A, if it is apart; either may consist of ``train`` and ``test``.
        direction: ``AtoB`` generates B from A, ``BtoA`` A from B.
        **settings: Arguments of Paired.
    """

    def __init__(
        self, path: FolderPath, source_path: str | None = None, direction: Direction = "AtoB", **settings: Any
    ) -> None:
        super().__init__(**settings)
        self.path, self.direction = Path(path), direction
        self.source_path = Path(source_path) if source_path else None
        self._files = dict[Split, list[FilePair]]()

    @cached_property
    def sides(self) -> tuple[SideFolders, SideFolders]:
        """Folders of A and of B: the same ones if files hold both images of a pair side by side.

        Raises:
            UserError: If the folder has none of the layouts.
        """
        if (sides := find_sides(self.path, self.source_path)) is not None:
            return sides
        if (both := find_splits(self.path)) is not None:
            return both, both
        raise UserError(
            f"data.path: {printable(str(self.path))} has no pairs: it needs a folder train of files with two images "
            f"side by side, or {LAYOUTS} with files of the same names; {describe_folder(self.path)}"
        )

    @property
    def side_by_side(self) -> bool:
        """Whether files hold both images of a pair."""
        return self.sides[0] == self.sides[1]

    def encoded(self, split: Split) -> StreamedImages:
        if split == "train":
            log.info("Found %s training pairs in %s", f"{len(self.files(split)):,}", printable(str(self.path)))
        return self._encoded_side(split, "B" if self.direction == "AtoB" else "A", self.decode)

    def encoded_sources(self, split: Split) -> StreamedImages:
        return self._encoded_side(split, "A" if self.direction == "AtoB" else "B", self.decode_source)

    def _encoded_side(self, split: Split, side: Literal["A", "B"], decode: Decoder) -> StreamedImages:
        paths = [pair["AB".index(side)] for pair in self.files(split)]
        halves: dict[str, Half] = {"A": "left", "B": "right"} if self.side_by_side else {}
        return StreamedImages(paths, [0] * len(paths), replace(decode, half=halves.get(side)))

    def fingerprint(self, split: Split) -> str:
        """Return a hash of the files' paths, sizes and modification times, and of the decoding settings."""
        files = [[(os.path.realpath(path), *_stamp(path)) for path in pair] for pair in self.files(split)]
        return digest_of_values("pairs", files, self.direction, self.decode)

    def files(self, split: Split) -> list[FilePair]:
        """List the files of A and of B; they are listed on first use."""
        if split not in self._files:
            self._files[split] = self._find(split)
        return self._files[split]

    def _find(self, split: Split) -> list[FilePair]:
        a, b = self.sides
        if (a.test is None) != (b.test is None):
            raise UserError(
                f"data.path: {printable(str(a.test or b.test))} has no counterpart: pairs are held out with both images"
            )
        if a.test is not None and b.test is not None:
            return self._match(a.train, b.train) if split == "train" else self._match(a.test, b.test)
        pairs = self._match(a.train, b.train)
        if len(pairs) < 4:
            root = printable(str(self.path))
            raise UserError(f"data.path: {root} has {len(pairs)} pairs, too few to train on and hold some out")
        return [pairs[index] for index in hold_out(len(pairs), self.test_share, split)]

    def _match(self, a: Path, b: Path) -> list[FilePair]:
        try:
            found = find_or_recall(a)
            return [(path, path) for path in found.paths] if a == b else match_by_name(found, find_or_recall(b))
        except UserError as error:
            raise UserError(f"data.path: {error}") from error


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
