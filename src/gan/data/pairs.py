"""Pairs of images on disk: side by side in one file, or two folders with files of the same names."""

import logging
import os
from functools import cached_property
from pathlib import Path
from typing import Any

from PIL import Image
from torch import Tensor

from gan.bounds import Channels, Fraction, NonNegativeInt, PositiveInt
from gan.data.base import ImageDataModule, ImageDataset, Split
from gan.data.folder_index import find_or_recall
from gan.data.image_folder import FolderPath
from gan.data.image_tensor import check_background, source_tensor
from gan.data.matched_files import FilePair, check_proportions, match_by_name
from gan.data.module import TrivialBaseline
from gan.data.order import hold_out
from gan.data.side_folders import LAYOUTS, Direction, SideFolders, describe_folder, find_sides, find_splits
from gan.data.source_images import WithSources
from gan.data.streamed_images import Decoder, Half, StreamedImages
from gan.data.trivial import copies, mean_image
from gan.digest import digest_of_values
from gan.errors import UserError
from gan.formats import printable
from gan.image_files import MAX_PIXELS

__all__ = ["Pairs"]

log = logging.getLogger(__name__)


class Pairs(ImageDataModule):
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
        source_channels: Channels of the source images; None for those of the images.
        test_share: Share of pairs that is held out if no folder is.
        memory_limit: Size of the decoded images in bytes up to which they are held in memory.
        background: Colour beneath transparent pixels, as a name or ``#rrggbb``.
        max_pixels: Largest number of pixels of an image.
        **settings: Arguments of ImageDataModule.
    """

    def __init__(
        self,
        path: FolderPath,
        source_path: str | None = None,
        direction: Direction = "AtoB",
        source_channels: Channels | None = None,
        test_share: Fraction = 0.1,
        memory_limit: NonNegativeInt = 2**30,
        background: str = "white",
        max_pixels: PositiveInt = MAX_PIXELS,
        **settings: Any,
    ) -> None:
        super().__init__(num_classes=1, **settings)
        self.path, self.direction, self.memory_limit = Path(path), direction, memory_limit
        self.source_path, self.test_share = Path(source_path) if source_path else None, test_share
        self.source_channels = source_channels or self.channels
        self.background, self.max_pixels = check_background(background), max_pixels

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

    @property
    def source_shape(self) -> tuple[int, int, int]:
        return self.source_channels, self.image_size, self.width

    def condition_of_image(self, image: Image.Image, mask: Image.Image | None = None) -> Tensor:
        return source_tensor(image, mask, self.source_channels, self.background)

    def load(self, split: Split) -> ImageDataset:
        files = self._files(split)
        if split == "train":
            log.info("Found %s training pairs in %s", f"{len(files):,}", printable(str(self.path)))
        if not self.side_by_side:
            check_proportions(files, self.max_pixels)
        return self._read(files, factor=1)

    def load_enlarged(self, factor: float) -> ImageDataset:
        return self._read(self._files("train"), factor)

    def _read(self, files: list[FilePair], factor: float) -> ImageDataset:
        sides: tuple[Half, Half] = ("left", "right") if self.side_by_side else (None, None)
        (source_half, half), (sources, images) = sides, zip(*files, strict=True)
        if self.direction == "BtoA":
            (source_half, half), (sources, images) = (half, source_half), (images, sources)
        rows, conditions = (
            StreamedImages(paths, [0] * len(paths), self._decoder(channels, side).enlarged(factor))
            for paths, channels, side in ((images, self.channels, half), (sources, self.source_channels, source_half))
        )
        pairs = WithSources(rows, conditions)
        is_small = rows.decoded_size + conditions.decoded_size <= self.memory_limit
        return pairs.in_memory() if is_small else pairs

    def trivial_baselines(self) -> dict[str, TrivialBaseline]:
        """Return a copy of the source image, and the mean training image."""
        return copies(self.source_channels, self.channels) | {"mean": mean_image(self)}

    def fingerprint(self, split: Split) -> str:
        """Return a hash of the files' paths, sizes and modification times, and of the decoding settings."""
        files = [[(os.path.realpath(path), *_stamp(path)) for path in pair] for pair in self._files(split)]
        return digest_of_values("pairs", files, self.direction, self._decoder(self.channels, None))

    def _decoder(self, channels: int, half: Half) -> Decoder:
        return Decoder(self.image_size, channels, self.background, self.max_pixels, self.width, half)

    def _files(self, split: Split) -> list[FilePair]:
        """List the files of A and of B."""
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
