"""Pairs of images on disk: side by side in one file, or two folders with files of the same names."""

import os
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from gan.bounds import Channels, NonNegativeInt, PositiveInt
from gan.data.base import ImageDataModule, ImageDataset, Split
from gan.data.find_images import find_images
from gan.data.source_images import WithSources
from gan.data.streamed_images import Decoder, Half, StreamedImages
from gan.digest import digest_of_values
from gan.errors import UserError
from gan.formats import printable
from gan.image_files import MAX_PIXELS

__all__ = ["Pairs"]

Direction = Literal["AtoB", "BtoA"]
HELD_OUT = ("test", "val")  # the first one that exists
Files = list[Path]


class Pairs(ImageDataModule):
    """Images, each with the source image that it is generated from.

    The folder has one of three layouts, with ``val`` in place of ``test`` if there is no ``test``:

    - ``train`` and ``test`` with images whose left half is A and whose right half is B, as pix2pix's data sets have;
    - ``A/train``, ``A/test``, ``B/train`` and ``B/test``, with files of the same names in A and B;
    - ``trainA``, ``testA``, ``trainB`` and ``testB``, likewise.

    Args:
        path: The folder.
        direction: ``AtoB`` generates B from A, ``BtoA`` A from B.
        source_channels: Channels of the source images; None for those of the images.
        memory_limit: Size of the decoded images in bytes up to which they are held in memory.
        background: Colour beneath transparent pixels, as a name or ``#rrggbb``.
        max_pixels: Largest number of pixels of an image.
        **settings: Arguments of ImageDataModule.
    """

    def __init__(
        self,
        path: str,
        direction: Direction = "AtoB",
        source_channels: Channels | None = None,
        memory_limit: NonNegativeInt = 2**30,
        background: str = "white",
        max_pixels: PositiveInt = MAX_PIXELS,
        **settings: Any,
    ) -> None:
        super().__init__(num_classes=1, **settings)
        self.path, self.direction, self.memory_limit = Path(path), direction, memory_limit
        self.source_channels = source_channels or self.channels
        self.background, self.max_pixels = background, max_pixels

    @cached_property
    def side_by_side(self) -> bool:
        """Whether the folder has files with both images of a pair.

        Raises:
            UserError: If it has none of the layouts.
        """
        if (self.path / "train").is_dir():
            return True
        if any((self.path / name).is_dir() for name in ("A/train", "trainA")):
            return False
        raise UserError(
            f"data.path: {printable(str(self.path))} has no training pairs: it needs train and test, of files with two "
            "images side by side, or A/train, A/test, B/train and B/test, or trainA, testA, trainB and testB"
        )

    def load(self, split: Split) -> ImageDataset:
        source, target = self._files(split)
        sides: tuple[Half, Half] = ("left", "right") if self.side_by_side else (None, None)
        if self.direction == "BtoA":
            sides = sides[::-1]
        pairs = WithSources(
            StreamedImages([(path, 0) for path in target], self._decoder(self.channels, sides[1])),
            StreamedImages([(path, 0) for path in source], self._decoder(self.source_channels, sides[0])),
        )
        size = len(pairs) * (self.channels + self.source_channels) * self.image_size * self.width
        return pairs.in_memory() if size <= self.memory_limit else pairs

    def fingerprint(self, split: Split) -> str:
        """Return a hash of the files' paths, sizes and modification times, and of the decoding settings."""
        files = [[(os.path.realpath(path), *_stamp(path)) for path in side] for side in self._files(split)]
        return digest_of_values("pairs", files, self.direction, self._decoder(self.channels, None))

    def _decoder(self, channels: int, half: Half) -> Decoder:
        return Decoder(self.image_size, channels, self.background, self.max_pixels, self.width, half)

    def _files(self, split: Split) -> tuple[Files, Files]:
        """List the files of the source images, and those of the images to generate."""
        if self.side_by_side:
            files = self._find("{split}", split)
            return files, files
        names = ("A/{split}", "B/{split}") if (self.path / "A").is_dir() else ("{split}A", "{split}B")
        source, target = (self._find(name, split) for name in (names if self.direction == "AtoB" else names[::-1]))
        stems = [{path.stem: path for path in side} for side in (source, target)]
        if alone := stems[0].keys() ^ stems[1].keys():
            raise UserError(
                f"data.path: {printable(str(self.path))} has {len(alone)} {split} images without a partner of the same "
                f"name, such as {printable(min(alone))}: pairs need one in A and one in B"
            )
        shared = sorted(stems[0])
        return [stems[0][stem] for stem in shared], [stems[1][stem] for stem in shared]

    def _find(self, name: str, split: Split) -> Files:
        """List the files of a folder; of the first one that exists, for held-out images."""
        candidates = [self.path / name.format(split=word) for word in (("train",) if split == "train" else HELD_OUT)]
        folder = next((candidate for candidate in candidates if candidate.is_dir()), None)
        if folder is None:
            raise UserError(f"data.path: there is no folder {printable(str(candidates[0]))} of held-out pairs")
        return [file.path for file in find_images(folder).files]


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
