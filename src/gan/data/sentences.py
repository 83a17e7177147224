"""Sentences about images as tokens, with the vocabulary of text."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from gan.data.text import Line, Text
from gan.errors import UserError
from gan.formats import printable
from gan.nn.token_lstm import END

__all__ = ["Sentences"]


class Sentences(Text):
    """Vocabulary and tokens of sentences about images, which are lower-cased. Token 0 ends a sentence.

    Args:
        read: Returns the sentences of both splits, with their places; it is called when a value is to be found.
        **settings: ``vocabulary``, ``vocabulary_size``, ``length``, ``min_count`` and ``on_error``; see Text.
    """

    def __init__(self, read: Callable[[], Mapping[str, Sequence[tuple[str, str]]]], **settings: Any) -> None:
        self.read = read
        super().__init__(root=None, tokens="words", **settings)

    @cached_property
    def _lines(self) -> dict[str, list[Line]]:
        return {
            split: [Line(place, self.split_line(text), text) for place, text in sentences]
            for split, sentences in self.read().items()
        }

    def split_line(self, line: str) -> list[str]:
        """Split a sentence into lower-case words and punctuation marks."""
        return super().split_line(line.lower())

    def rows(self, split: str) -> tuple[Tensor, Tensor]:
        """Return the tokens of a split's sentences.

        Returns:
            Numbers of the sentences that fit, int64 with shape (N,), and their tokens, int64 with shape (N, T).

        Raises:
            UserError: If a sentence does not fit, and is not to be skipped; or if none fits.
        """
        kept, rows = list[int](), list[list[int]]()
        for number, line in enumerate(self._lines[split]):
            row = self._row(line, split) if self._fits(line.place, "" if line.tokens else "has no words") else None
            if row is not None:
                kept.append(number)
                rows.append(row)
        self._check_kept(len(rows), len(self._lines[split]), split)
        return torch.tensor(kept), self._pad(rows)

    def encode_all(self, sentences: Sequence[str], replace: bool = False) -> Tensor:
        """Return the tokens of a user's sentences, int64 with shape (N, T).

        Args:
            sentences: The sentences.
            replace: Whether the unknown token, if there is one, replaces unknown words.

        Raises:
            UserError: If one is empty or too long, or has an unknown word.
        """
        rows = [self.encode(sentence, replace) for sentence in sentences]
        for row, sentence in zip(rows, sentences, strict=True):
            if not row:
                raise UserError("a sentence is empty: write one like those of the data")
            if len(row) > self.length:
                raise UserError(
                    f"the sentence {printable(sentence, 60)!r} has {len(row)} words and marks, more than the "
                    f"{self.length} of the longest in the data"
                )
        return self._pad(rows)

    def _pad(self, rows: list[list[int]]) -> Tensor:
        tokens = torch.full((len(rows), self.length), END)
        for number, row in enumerate(rows):
            tokens[number, : len(row)] = torch.tensor(row)
        return tokens
