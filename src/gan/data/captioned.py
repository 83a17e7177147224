"""Base class of data modules of a user's own images with sentences about them."""

import re
from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from math import prod
from typing import Any

import torch
from torch import Tensor

from gan.bounds import Classes, Length, PositiveInt, Vocabulary
from gan.data.base import ImageDataset, Split
from gan.data.caption import Caption, CaptionedImages
from gan.data.own_images import OwnImages
from gan.data.sentences import Sentences
from gan.types import Condition, Samples

__all__ = ["Captioned"]

BEFORE_MARK = re.compile(r" ([,.;:!?])")


class Captioned(OwnImages):
    """Images, each with a sentence as its condition: tokens, int64 with shape (B, T), of which 0 ends a sentence.

    The class of an image is the combination of its attributes. The vocabulary, its size, the length, the attributes'
    sizes and the number of classes may be None, and are then found in the sentences; a run records them, so that its
    checkpoints alone are enough to sample. A derived class can read captions before this class is constructed.

    Args:
        attributes: Values of an image, other than its sentence, by which samples are scored.
        attribute_sizes: Number of values of each attribute; None to count them.
        vocabulary: All words, separated by spaces; None for those of the training sentences.
        vocabulary_size: Number of words, the end included; None to count them.
        length: Largest number of words and punctuation marks of a sentence; None for that of the longest.
        min_count: Occurrences in training sentences below which a word is replaced by one for unknown words.
        num_classes: Number of combinations of attributes; None to count them.
        **settings: Arguments of OwnImages.

    Raises:
        UserError: If a file is missing or unreadable, or a sentence does not fit.
    """

    def __init__(
        self,
        attributes: list[str] | None = None,
        attribute_sizes: list[PositiveInt] | None = None,
        vocabulary: str | None = None,
        vocabulary_size: Vocabulary | None = None,
        length: Length | None = None,
        min_count: PositiveInt = 1,
        num_classes: Classes | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(num_classes=num_classes, **settings)
        self.attributes: list[str] = list(attributes or ())
        if attribute_sizes is None:
            attribute_sizes = [len(values) for values in self.values]
        self.attribute_sizes = list(attribute_sizes)
        self.num_classes = num_classes or prod(self.attribute_sizes)
        words = {"vocabulary": vocabulary, "vocabulary_size": vocabulary_size, "length": length}
        self.sentences = Sentences(self._read_sentences, **words, min_count=min_count, on_error=self.on_error)
        self.vocabulary, self.vocabulary_size = self.sentences.vocabulary, self.sentences.vocabulary_size
        self.length = self.sentences.length

    @abstractmethod
    def read_captions(self, split: Split) -> list[Caption]:
        """Read the captions of a split, in the order of the images of ``encoded``.

        Raises:
            UserError: If files are missing or unreadable, or an image has no caption.
        """

    @cached_property
    def captions(self) -> dict[Split, list[Caption]]:
        """Captions of both splits."""
        return {"train": self.read_captions("train"), "test": self.read_captions("test")}

    @cached_property
    def values(self) -> list[list[str]]:
        """Values of each attribute."""
        if not self.attributes:
            return []
        rows = [caption.attributes for split in self.captions.values() for caption in split]
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

    def sentences_of(self, samples: Samples) -> list[str]:
        return self.lines_of(samples.condition)

    def usage(self, conditional: bool) -> list[str]:
        text = self.sentences.example() if conditional else None
        return super().usage(conditional) + ([] if text is None else ["--text", text])

    @property
    def scoring_rows(self) -> ImageDataset:
        """Rows on which networks that score are trained."""
        return self.split("train")

    def load(self, split: Split) -> ImageDataset:
        return self.with_sentences(super().load(split), split)

    def load_enlarged(self, factor: float) -> ImageDataset | None:
        dataset, images = self.split("train"), super().load_enlarged(factor)
        assert isinstance(dataset, CaptionedImages)
        assert images is not None
        return CaptionedImages(images, dataset.rows, dataset.tokens, dataset.labels)

    def with_sentences(self, images: ImageDataset, split: Split) -> CaptionedImages:
        """Return the readable images of a split with their sentences that fit."""
        captions, (kept, tokens) = self.captions[split], self.sentences.rows(split)
        rows, labels = torch.tensor([caption.image for caption in captions])[kept], self.labels_of(captions)[kept]
        if split in self._readable_rows:
            readable = torch.tensor(self._readable_rows[split])
            found = torch.isin(rows, readable)
            rows, tokens, labels = torch.searchsorted(readable, rows[found]), tokens[found], labels[found]
        return CaptionedImages(images, rows, tokens, labels)

    def labels_of(self, captions: Sequence[Caption]) -> Tensor:
        """Return the combination of each caption's attributes as one number, int64 with shape (N,)."""
        labels = torch.zeros(len(captions), dtype=torch.long)
        for index, values in enumerate(self.values):
            numbers = {value: number for number, value in enumerate(values)}
            own = torch.tensor([numbers[caption.attributes[index]] for caption in captions])
            labels = labels * len(values) + own
        return labels

    def identity_of_sentences(self, split: Split) -> tuple[Any, ...]:
        """Return plain values that identify the sentences of a split, and their tokens."""
        sentences = [(caption.text, caption.attributes) for caption in self.captions[split]]
        return self.vocabulary, self.length, sentences

    def _read_sentences(self) -> dict[str, list[tuple[str, str]]]:
        return {split: [(row.place, row.text) for row in captions] for split, captions in self.captions.items()}
