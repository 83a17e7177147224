"""Images with sentences about them: coloured digits that every machine can make, or a user's files."""

import logging
import re
from collections.abc import Sequence
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gan.bounds import Classes, Fraction, Length, NonNegativeInt, PositiveInt, Vocabulary
from gan.data.base import ImageDataModule, ImageDataset, Split
from gan.data.caption import Caption, CaptionedImages
from gan.data.caption_files import FileCaption, read_captions, split_captions
from gan.data.captioned_digits import CaptionedDigits
from gan.data.image_tensor import check_background
from gan.data.own_images import OnError
from gan.data.sentences import Sentences
from gan.data.streamed_images import Decoder, Half, StreamedImages
from gan.digest import digest_of_values
from gan.errors import UserError
from gan.formats import printable
from gan.image_files import MAX_PIXELS
from gan.types import Condition, Samples

__all__ = ["Captions"]

log = logging.getLogger(__name__)

BEFORE_MARK = re.compile(r" ([,.;:!?])")


class Captions(ImageDataModule):
    """Images, each with a sentence as its condition: tokens, int64 with shape (B, T), of which 0 ends a sentence.

    A folder has a file of JSON lines with ``file`` and ``caption``, or ``text/NAME.txt`` beside ``images/NAME.png``.
    Images in a folder ``test`` or ``val`` are held out, or else a share of all. The class of an image is the
    combination of its attributes.

    The vocabulary, its size, the length, the attributes' sizes and the number of classes may be None, and are then
    found in the sentences; a run records them, so that its checkpoints alone are enough to sample.

    Args:
        made: The images that are made if there is no ``path`` and no ``captions``.
        path: Folder of images; None for that of ``captions``.
        captions: File of JSON lines: ``file`` is relative to ``path``, ``caption`` a sentence or a list of sentences.
        side: Half of the files that hold two images side by side; None for files of one image.
        attributes: Fields of the JSON lines by which samples are scored; those of made images are digit, colour, place.
        attribute_sizes: Number of values of each attribute; None to count them.
        vocabulary: All words, separated by spaces; None for those of the training sentences.
        vocabulary_size: Number of words, the end included; None to count them.
        length: Largest number of words and punctuation marks of a sentence; None for that of the longest.
        min_count: Occurrences in training sentences below which a word is replaced by one for unknown words.
        num_classes: Number of combinations of attributes; None to count them.
        test_share: Share of the images that is held out if no folder is.
        memory_limit: Size of the decoded images in bytes up to which they are held in memory.
        on_error: ``stop`` raises an error at a sentence that does not fit; ``skip`` leaves it out.
        background: Colour beneath transparent pixels, as a name or ``#rrggbb``.
        max_pixels: Largest number of pixels of an image.
        **settings: Arguments of ImageDataModule.

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
        attribute_sizes: list[PositiveInt] | None = None,
        vocabulary: str | None = None,
        vocabulary_size: Vocabulary | None = None,
        length: Length | None = None,
        min_count: PositiveInt = 1,
        num_classes: Classes | None = None,
        test_share: Fraction = 0.1,
        memory_limit: NonNegativeInt = 2**30,
        on_error: OnError = "stop",
        background: str = "white",
        max_pixels: PositiveInt = MAX_PIXELS,
        **settings: Any,
    ) -> None:
        super().__init__(num_classes=num_classes or 1, **settings)
        self.is_made = path is None and captions is None
        if self.is_made and (self.channels != 3 or made.image_size != self.image_size):
            raise UserError("data.made has coloured images: set data.channels=3, and data.made.image_size as data's")
        self.made, self.captions, self.side = made, None if captions is None else Path(captions), side
        self.path = Path(path) if path is not None else self.captions.parent if self.captions else None
        self.attributes: list[str] = list(made.names if self.is_made else attributes or ())
        self.test_share, self.memory_limit, self.on_error = test_share, memory_limit, on_error
        self.background = check_background(background)
        self.decode = Decoder(self.image_size, self.channels, background, max_pixels, self.width, side)
        if attribute_sizes is None:
            attribute_sizes = [len(values) for values in self.values]
        self.attribute_sizes = list(attribute_sizes)
        self.num_classes = num_classes or prod(self.attribute_sizes)
        words = {"vocabulary": vocabulary, "vocabulary_size": vocabulary_size, "length": length}
        self.sentences = Sentences(self._read_sentences, **words, min_count=min_count, on_error=on_error)
        self.vocabulary, self.vocabulary_size = self.sentences.vocabulary, self.sentences.vocabulary_size
        self.length = self.sentences.length

    @cached_property
    def values(self) -> list[list[str]]:
        """Values of each attribute."""
        if self.is_made:
            return self.made.values
        rows = [caption.attributes for split in self._file_captions.values() for caption in split]
        return [sorted({row[index] for row in rows}) for index in range(len(self.attributes))]

    def encode(self, sentences: Sequence[str]) -> Tensor:
        """Return a user's sentences as a condition, int64 with shape (N, T).

        Raises:
            UserError: If one is empty or too long, or has an unknown word.
        """
        return self.sentences.encode_all(sentences)

    def lines_of(self, condition: Condition | None) -> list[str]:
        """Return conditions as text, one line each; none for conditions that are no sentences."""
        if not isinstance(condition, Tensor) or condition.dim() != 2 or condition.is_floating_point():
            return []
        return [BEFORE_MARK.sub(r"\1", line) for line in self.sentences.lines(condition.cpu())]

    def load(self, split: Split) -> ImageDataset:
        captions = self._captions[split]
        kept, tokens = self.sentences.rows(split)
        rows = torch.tensor([caption.image for caption in captions])
        return CaptionedImages(self._images(split), rows[kept], tokens, self._labels(captions)[kept])

    def sentences_of(self, samples: Samples) -> list[str]:
        return self.lines_of(samples.condition)

    @property
    def scoring_rows(self) -> ImageDataset:
        """Rows on which networks that score are trained: training images, if they are made in all combinations."""
        if not self.is_made:
            return self.split("train")
        made = self.made.with_all_combinations()
        captions = made.captions("train")
        tokens = self.sentences.encode_all([caption.text for caption in captions])
        return CaptionedImages(made.images("train"), torch.arange(len(captions)), tokens, self._labels(captions))

    def load_enlarged(self, factor: float) -> ImageDataset | None:
        if self.is_made:
            return None
        dataset = self.split("train")
        assert isinstance(dataset, CaptionedImages)
        stream = self._stream("train").enlarged(factor).in_memory_up_to(self.memory_limit)
        return CaptionedImages(stream, dataset.rows, dataset.tokens, dataset.labels)

    def fingerprint(self, split: Split) -> str:
        """Return a hash of the images' files or settings, and of the sentences."""
        sentences = [(caption.text, caption.attributes) for caption in self._captions[split]]
        words = (self.vocabulary, self.length, sentences)
        if self.is_made:
            return digest_of_values("captions", self.made.fingerprint(split), words)
        stamps = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in self._files(split)]
        return digest_of_values("captions", stamps, self.decode, words)

    @cached_property
    def _file_captions(self) -> dict[Split, list[FileCaption]]:
        assert self.path is not None
        return split_captions(read_captions(self.path, self.captions, self.attributes), self.test_share)

    @cached_property
    def _captions(self) -> dict[Split, list[Caption]]:
        """Captions of both splits, with the numbers of their images."""
        if self.is_made:
            return {"train": self.made.captions("train"), "test": self.made.captions("test")}
        found: dict[Split, list[Caption]] = {}
        for split, captions in self._file_captions.items():
            numbers = {file: number for number, file in enumerate(dict.fromkeys(caption.file for caption in captions))}
            found[split] = [Caption(row.place, numbers[row.file], row.text, row.attributes) for row in captions]
        return found

    def _read_sentences(self) -> dict[str, list[tuple[str, str]]]:
        return {split: [(row.place, row.text) for row in captions] for split, captions in self._captions.items()}

    def _images(self, split: Split) -> ImageDataset:
        if self.is_made:
            return self.made.images(split)
        stream = self._stream(split)
        if split == "train":
            log.info("Found %s training images with sentences in %s", f"{len(stream):,}", printable(str(self.path)))
        return stream.in_memory_up_to(self.memory_limit)

    def _stream(self, split: Split) -> StreamedImages:
        files = self._files(split)
        return StreamedImages(files, [0] * len(files), self.decode)

    def _files(self, split: Split) -> list[Path]:
        assert self.path is not None
        return [self.path / file for file in dict.fromkeys(row.file for row in self._file_captions[split])]

    def _labels(self, captions: list[Caption]) -> Tensor:
        """Return the combination of each caption's attributes as one number, int64 with shape (N,)."""
        labels = torch.zeros(len(captions), dtype=torch.long)
        for index, values in enumerate(self.values):
            numbers = {value: number for number, value in enumerate(values)}
            own = torch.tensor([numbers[caption.attributes[index]] for caption in captions])
            labels = labels * len(values) + own
        return labels
