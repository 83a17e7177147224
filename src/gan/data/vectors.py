"""Base class of data modules of word vectors in two languages, whose words have no pairs in training."""

from abc import abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from gan.bounds import SampleCount, Width
from gan.data.dataset import ImageDataset
from gan.data.module import DataModule, Split
from gan.data.source_images import WithSources
from gan.data.word_embedding import WordVectors
from gan.errors import UserError
from gan.types import Batch, Request, Samples

__all__ = ["Normalization", "VectorRows", "WordPairs", "WordVectorModule", "as_word_vectors"]

Normalization = Literal["none", "unit", "center"]

SHOWN_NEIGHBORS = 3  # translations on a line of samples


class WordPairs(dict[int, set[int]]):
    """Dictionary: indices of source words, and those of the target words that are right for each."""


class VectorRows(ImageDataset):
    """Vectors held in memory.

    Args:
        vectors: float32, with shape (N, D).
    """

    def __init__(self, vectors: Tensor) -> None:
        self.vectors = vectors

    def __len__(self) -> int:
        return len(self.vectors)

    def __getitems__(self, indices: list[int]) -> Batch:
        return Batch(self.vectors[indices], torch.zeros(len(indices), dtype=torch.long))


class WordVectorModule(DataModule):
    """Data module of word vectors: a row is a target vector, and, as its condition, a source vector with no relation.

    Training rows are the commonest words of both languages. Held-out rows are the source words of the dictionary, or,
    without one, the commonest words. The dictionary is for scores alone: no training row depends on it.

    Args:
        dimension: Length D of the vectors; None for that of the data.
        words: Largest number of words of each language, the commonest ones.
        commonest: Number of words of each language that are trained on.
        normalization: ``unit`` scales vectors to a length of one; ``center`` also subtracts their mean, and scales once
            more.
        **settings: Arguments of DataModule.

    Raises:
        UserError: If the vectors have another length.
    """

    noun: ClassVar[str] = "vectors"

    def __init__(
        self,
        dimension: Width | None = None,
        words: SampleCount = 200_000,
        commonest: SampleCount = 200,
        normalization: Normalization = "center",
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self.words, self.commonest, self.normalization = words, commonest, normalization
        self.dimension = self.source.vectors.shape[1] if dimension is None else dimension

    @abstractmethod
    def load_languages(self) -> tuple[WordVectors, WordVectors]:
        """Load the words and vectors of the source and of the target language, the commonest word first.

        Raises:
            UserError: If they cannot be read.
        """

    @abstractmethod
    def load_dictionary(self) -> WordPairs | None:
        """Load the dictionary; None if there is none.

        Raises:
            UserError: If it cannot be read, or has no words that both languages have.
        """

    @cached_property
    def languages(self) -> tuple[WordVectors, WordVectors]:
        """Words and normalised vectors of the source and of the target language.

        Raises:
            UserError: If they cannot be read, or have vectors of different lengths.
        """
        loaded = self.load_languages()
        lengths = [language.vectors.shape[1] for language in loaded]
        expected = getattr(self, "dimension", lengths[0])
        if lengths != [expected, expected]:
            raise UserError(
                f"the vectors have lengths {lengths[0]} and {lengths[1]}, and both need data.dimension={expected}"
            )
        source, target = (self.normalized(language) for language in loaded)
        return source, target

    @property
    def source(self) -> WordVectors:
        """Words and vectors of the source language."""
        return self.languages[0]

    @property
    def target(self) -> WordVectors:
        """Words and vectors of the target language."""
        return self.languages[1]

    @cached_property
    def dictionary(self) -> WordPairs | None:
        """Pairs of words for scores; None if there are none."""
        return self.load_dictionary()

    def normalized(self, language: WordVectors) -> WordVectors:
        """Return a language with normalised vectors."""
        vectors = language.vectors
        if self.normalization != "none":
            vectors = F.normalize(vectors)
        if self.normalization == "center":
            vectors = F.normalize(vectors - vectors.mean(0))
        return language._replace(vectors=vectors)

    def pairs_of(self, pairs: list[tuple[str, str]], name: str) -> WordPairs:
        """Return the pairs whose words both languages have, by their indices.

        Args:
            pairs: Source words and target words.
            name: Name of the dictionary, for the message.

        Raises:
            UserError: If there are none.
        """
        source, target = ({word: index for index, word in enumerate(side.words)} for side in self.languages)
        found = WordPairs()
        for first, second in pairs:
            if first in source and second in target:
                found.setdefault(source[first], set()).add(target[second])
        if len(found) < 2:
            raise UserError(f"{name}: {len(found)} of its words have vectors in both languages, and 2 are needed")
        return found

    @property
    def output_shape(self) -> tuple[int]:
        """Length of a vector."""
        return (self.dimension,)

    def load(self, split: Split) -> ImageDataset:
        if split == "train":
            source, target = (VectorRows(language.vectors[: self.commonest]) for language in self.languages)
            return WithSources(target, source, shuffled=True)
        target = VectorRows(self.target.vectors[: self.commonest])
        return WithSources(target, VectorRows(self.source.vectors[self.held_out]), shuffled=True)

    @cached_property
    def held_out(self) -> Tensor:
        """Indices of the source words that samples are made of."""
        dictionary = self.dictionary
        if dictionary is None:
            return torch.arange(min(self.commonest, len(self.source.words)))
        return torch.tensor(sorted(dictionary))

    @property
    def num_requests(self) -> int:
        return len(self.held_out)

    def requests(self, indices: range) -> Request:
        """Return the vectors of held-out source words, which no real row belongs to."""
        rows = self.held_out[[index % len(self.held_out) for index in indices]]
        return Request(self.source.vectors[rows])

    def sample_lines(self, samples: Samples) -> list[str]:
        """Return mapped vectors as text: the source word, and the target words of the nearest vectors by cosine."""
        assert isinstance(samples.condition, Tensor)
        source, target = (F.normalize(language.vectors) for language in self.languages)
        words = (F.normalize(samples.condition.cpu()) @ source.T).argmax(1).tolist()
        num = min(SHOWN_NEIGHBORS, len(target))
        nearest = (F.normalize(samples.images.cpu()) @ target.T).topk(num).indices.tolist()
        return [
            f"{self.source.words[word]}: {', '.join(self.target.words[index] for index in row)}"
            for word, row in zip(words, nearest, strict=True)
        ]

    def usage(self, conditional: bool) -> list[str]:
        words = [self.source.words[index] for index in self.held_out.tolist()]
        return ["translate", "--words", *[word for word in words if not word.startswith("-")][:2]]

    def noise(self, num: int, generator: torch.Generator) -> Tensor:
        """Draw vectors of unit length in random directions, with shape (num, D)."""
        return F.normalize(torch.randn(num, self.dimension, generator=generator))

    def picture(self, images: Tensor) -> Tensor:
        raise UserError(f"{type(self).__name__} has word vectors, which are no picture: write a .txt file")

    def picture_of(self, groups: Mapping[str, Tensor]) -> Tensor:
        return self.picture(next(iter(groups.values())))


def as_word_vectors(data: DataModule | None, user: str) -> WordVectorModule:
    """Return a data module if it is one of word vectors.

    Raises:
        UserError: If it is of something else.
    """
    if not isinstance(data, WordVectorModule):
        noun = "images" if data is None else data.noun
        raise UserError(f"{user} needs word vectors, as in data=word_vectors, and {type(data).__name__} has {noun}")
    return data
