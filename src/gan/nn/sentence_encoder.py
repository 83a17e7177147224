"""Encoder of sentences: one vector for a sentence, and one for each of its words."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.bounds import Length, Vocabulary, Width
from gan.errors import UserError
from gan.nn.token_lstm import END

__all__ = ["EncodedSentence", "SentenceEncoder"]


class EncodedSentence(NamedTuple):
    """Output of a sentence encoder.

    Attributes:
        sentence: With shape (B, D).
        words: One vector per place of the sentence, with shape (B, T, D).
        is_word: Whether a place holds a word, and not the end, with shape (B, T).
    """

    sentence: Tensor
    words: Tensor
    is_word: Tensor


class SentenceEncoder(nn.Module):
    """Convolutions over the embeddings of words, and their mean over the sentence.

    A sentence's vector has mean square one, so that penalties of gradients by it cannot be evaded by its scale.

    Args:
        vocabulary_size: Number of words V; word 0 ends a sentence.
        length: Largest number T of words of a sentence.
        width: Length D of a word's and of a sentence's vector.
    """

    def __init__(self, vocabulary_size: Vocabulary, length: Length, width: Width = 64) -> None:
        super().__init__()
        self.vocabulary_size, self.length, self.width = vocabulary_size, length, width
        self.embedding = nn.Embedding(vocabulary_size, width)
        self.places = nn.Parameter(torch.zeros(length, width))
        self.first = nn.Conv1d(width, width, 3, padding=1)
        self.second = nn.Conv1d(width, width, 3, padding=1)
        self.head = nn.Linear(width, width)

    def encode(self, tokens: Tensor) -> EncodedSentence:
        """Encode sentences, int64 with shape (B, T).

        Raises:
            UserError: If they have another length.
        """
        if tokens.dim() != 2 or tokens.shape[1] != self.length:
            shape = "x".join(map(str, tokens.shape[1:]))
            raise UserError(
                f"the model takes sentences of {self.length} words, not a condition of {shape}: use data=captions"
            )
        is_word = tokens != END
        mask = is_word[:, None, :].to(self.places.dtype)
        embedded = (self.embedding(tokens) + self.places).transpose(1, 2) * mask
        hidden = embedded + F.relu(self.first(embedded)) * mask
        hidden = hidden + F.relu(self.second(hidden)) * mask
        mean = hidden.sum(2) / mask.sum(2).clamp(min=1)
        return EncodedSentence(F.layer_norm(self.head(mean), (self.width,)), hidden.transpose(1, 2), is_word)

    def forward(self, condition: Tensor) -> Tensor:
        """Return the vectors of sentences, with shape (B, D).

        Args:
            condition: Tokens, int64 with shape (B, T); or vectors of sentences, float with shape (B, D), which are
                returned.

        Raises:
            UserError: If it has another shape.
        """
        if not condition.is_floating_point():
            return self.encode(condition).sentence
        if condition.shape[1:] != (self.width,):
            raise UserError(f"the model takes vectors of {self.width} numbers, not of {tuple(condition.shape[1:])}")
        return condition
