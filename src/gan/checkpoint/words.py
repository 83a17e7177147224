"""Translation of words by a trained map of word vectors."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

import torch
from torch import Tensor

from gan.data.module import DataModule
from gan.data.vectors import WordVectorModule, as_word_vectors
from gan.errors import UserError
from gan.formats import printable
from gan.models.muse import linear_map_of
from gan.models.sampler import Sampler
from gan.nn.csls import csls_neighbors
from gan.nn.procrustes import refine

__all__ = ["Translation", "WordTranslator"]


@dataclass(frozen=True)
class Translation:
    """Word with its likeliest translations.

    Attributes:
        word: The word.
        translations: Words of the other language, the nearest first.
        scores: Their CSLS.
    """

    word: str
    translations: tuple[str, ...]
    scores: tuple[float, ...]

    def __str__(self) -> str:
        found = (f"{word} {score:.2f}" for word, score in zip(self.translations, self.scores, strict=True))
        return f"{self.word}: {', '.join(found)}"


@dataclass(frozen=True)
class WordTranslator:
    """Translation of words by the nearest vectors of the other language, as CSLS measures them.

    The vectors are those that the run was trained on: made ones, or of its files, which must still be there.

    Args:
        model: The model, with a linear map W.
        data: Its data module.
        use_ema: Whether to use the moving average of the map, if there is one.
        back: Whether words of the target language are translated, by the transpose of the map.
        refinements: Number of refinements of the map in closed form; 0 for the map as trained.
        words: Number of commonest words that refinement uses.

    Raises:
        UserError: If the model or its data are of another kind, or a number is out of range.
    """

    model: Sampler
    data: DataModule
    use_ema: bool = True
    back: bool = False
    refinements: int = 20
    words: int = 2000

    def __post_init__(self) -> None:
        _ = self.vectors
        linear_map_of(self.model, self.use_ema)
        if self.refinements < 0 or self.words < 1:
            raise UserError(
                f"refinements must be at least 0 and their words at least 1, not {self.refinements} and {self.words}"
            )

    @property
    def vectors(self) -> WordVectorModule:
        """The data module, which is one of word vectors."""
        return as_word_vectors(self.data, "translation of words")

    @cached_property
    def weight(self) -> Tensor:
        """The map W, refined, with shape (D, D)."""
        source, target = self.vectors.languages
        start = linear_map_of(self.model, self.use_ema)
        return refine(start, source.vectors, target.vectors, self.refinements, self.words)[0]

    @torch.no_grad()
    def __call__(self, words: Sequence[str], num: int = 5) -> list[Translation]:
        """Translate words.

        Args:
            words: Words of the source language, or of the target language to translate back.
            num: Number of translations of each.

        Raises:
            UserError: If a word has no vector, or the number is out of range.
        """
        if num < 1:
            raise UserError(f"the number of translations must be at least 1, not {num}")
        source, target = self.vectors.languages
        mapped, others = source.vectors @ self.weight.T, target.vectors
        if self.back:
            source, target, mapped, others = target, source, others, mapped
        numbers = {word: number for number, word in enumerate(source.words)}
        for word in words:
            if word not in numbers:
                close = get_close_matches(word, source.words, 1)
                hint = f"; did you mean {close[0]!r}?" if close else ""
                raise UserError(f"{printable(word, 60)!r} is not among the {len(numbers):,} words with a vector{hint}")
        rows = [numbers[word] for word in words]
        scores, indices = csls_neighbors(mapped[rows], others, min(num, len(others)), everything=mapped)
        return [
            Translation(word, tuple(target.words[index] for index in found), tuple(values))
            for word, found, values in zip(words, indices.tolist(), scores.tolist(), strict=True)
        ]
