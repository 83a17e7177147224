"""Images with sentences about them: coloured digits that every machine can make, or a user's files."""

import logging
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from gan.data.base import ImageDataset, Split
from gan.data.caption import Caption, CaptionedImages
from gan.data.caption_files import FileCaption, read_captions, split_captions
from gan.data.captioned import Captioned
from gan.data.captioned_digits import CaptionedDigits
from gan.data.streamed_images import Half, StreamedImages
from gan.digest import digest_of_values
from gan.errors import UserError
from gan.formats import printable

__all__ = ["Captions"]

log = logging.getLogger(__name__)


class Captions(Captioned):
    """Images with sentences, made or from files.

    A folder has a file of JSON lines with ``file`` and ``caption``, or ``text/NAME.txt`` beside ``images/NAME.png``.
    Images in a folder ``test`` or ``val`` are held out, or else a share of all.

    Args:
        made: The images that are made if there is no ``path`` and no ``captions``.
        path: Folder of images; None for that of ``captions``.
        captions: File of JSON lines: ``file`` is relative to ``path``, ``caption`` a sentence or a list of sentences.
        side: Half of the files that hold two images side by side; None for files of one image.
        attributes: Fields of the JSON lines by which samples are scored; those of made images are digit, colour, place.
        **settings: Arguments of Captioned.

    Raises:
        UserError: If a file is missing or unreadable, or a sentence does not fit.
    """

    def __init__(
        self,
        made: CaptionedDigits,
        path: str | None = None,
        captions: str | None = None,
        side: Half = None,
        attributes: list[str] | None = None,
        **settings: Any,
    ) -> None:
        self.is_made, self.made = path is None and captions is None, made
        self.file = None if captions is None else Path(captions)
        self.path = Path(path) if path is not None else self.file.parent if self.file else None
        super().__init__(attributes=list(made.names) if self.is_made else attributes, **settings)
        if self.is_made and (self.channels != 3 or made.image_size != self.image_size):
            raise UserError("data.made has coloured images: set data.channels=3, and data.made.image_size as data's")
        self.decode = replace(self.decode, half=side)

    @cached_property
    def values(self) -> list[list[str]]:
        """Values of each attribute."""
        return self.made.values if self.is_made else super().values

    @property
    def scoring_rows(self) -> ImageDataset:
        """Rows on which networks that score are trained: training images, if they are made in all combinations."""
        if not self.is_made:
            return self.split("train")
        made = self.made.with_all_combinations()
        captions = made.captions("train")
        tokens = self.sentences.encode_all([caption.text for caption in captions], replace=True)
        return CaptionedImages(made.images("train"), torch.arange(len(captions)), tokens, self.labels_of(captions))

    def load(self, split: Split) -> ImageDataset:
        return self.with_sentences(self.made.images(split), split) if self.is_made else super().load(split)

    def load_enlarged(self, factor: float) -> ImageDataset | None:
        return None if self.is_made else super().load_enlarged(factor)

    def encoded(self, split: Split) -> StreamedImages:
        files = self._files(split)
        if split == "train":
            log.info("Found %s training images with sentences in %s", f"{len(files):,}", printable(str(self.path)))
        return StreamedImages(files, [0] * len(files), self.decode)

    def fingerprint(self, split: Split) -> str:
        """Return a hash of the images' files or settings, and of the sentences."""
        words = self.identity_of_sentences(split)
        if self.is_made:
            return digest_of_values("captions", self.made.fingerprint(split), words)
        stamps = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in self._files(split)]
        return digest_of_values("captions", stamps, self.decode, words)

    def read_captions(self, split: Split) -> list[Caption]:
        if self.is_made:
            return self.made.captions(split)
        captions = self._file_captions[split]
        numbers = {file: number for number, file in enumerate(dict.fromkeys(caption.file for caption in captions))}
        return [Caption(row.place, numbers[row.file], row.text, row.attributes) for row in captions]

    @cached_property
    def _file_captions(self) -> dict[Split, list[FileCaption]]:
        assert self.path is not None
        return split_captions(read_captions(self.path, self.file, self.attributes, self.on_error), self.test_share)

    def _files(self, split: Split) -> list[Path]:
        assert self.path is not None
        return [self.path / file for file in dict.fromkeys(row.file for row in self._file_captions[split])]
