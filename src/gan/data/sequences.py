"""Base class of data modules of sequences of tokens, which are stored as indices and passed as one-hot vectors."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from gan.bounds import Length, Vocabulary
from gan.data.dataset import ImageDataset
from gan.data.module import DataModule, DrawnBaseline
from gan.errors import UserError
from gan.nn.token_lstm import END
from gan.types import Batch, Samples

__all__ = ["SequenceDataModule", "TokenRows"]


class TokenRows(ImageDataset):
    """Sequences of tokens held in memory.

    Args:
        tokens: int64, with shape (N, T).
    """

    def __init__(self, tokens: Tensor) -> None:
        self.tokens = tokens

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitems__(self, indices: list[int]) -> Batch:
        return Batch(self.tokens[indices], torch.zeros(len(indices), dtype=torch.long))


class SequenceDataModule(DataModule):
    """Data module of sequences, all of one length; those that end earlier are filled up with their end token, 0.

    Rows are stored as int64 with shape (N, T); a model takes and generates float32 with shape (B, T, V).

    Args:
        vocabulary_size: Number V of tokens.
        length: Length T of the sequences.
        ends: Whether token 0 ends a sequence.
        **settings: Arguments of DataModule.
    """

    noun: ClassVar[str] = "sequences"

    def __init__(self, vocabulary_size: Vocabulary, length: Length, ends: bool, **settings: Any) -> None:
        super().__init__(**settings)
        self.vocabulary_size, self.length, self.ends = vocabulary_size, length, ends

    @abstractmethod
    def lines(self, tokens: Tensor) -> list[str]:
        """Return sequences, int64 with shape (N, T), as text: one line each."""

    @abstractmethod
    def encode(self, line: str) -> list[int]:
        """Return the tokens of a text, without an end.

        Raises:
            UserError: If one is unknown.
        """

    @property
    def unknown(self) -> int | None:
        """Token that stands for all that have no token of their own; None if there is none, as by default."""
        return None

    def lines_of(self, sequences: Tensor) -> list[str]:
        """Return generated sequences, with shape (N, T, V), as text: one line each."""
        return self.lines(self.discretize(sequences).cpu())

    def sample_lines(self, samples: Samples) -> list[str]:
        return self.lines_of(samples.images)

    def usage(self, conditional: bool) -> list[str]:
        return ["sample", "--num", "64", "--out", "samples.txt"]

    @property
    def output_shape(self) -> tuple[int, int]:
        """Length and vocabulary size."""
        return self.length, self.vocabulary_size

    def scale_batch(self, batch: Batch) -> Batch:
        """Convert tokens to one-hot vectors, float32 with shape (B, T, V)."""
        return batch._replace(real=F.one_hot(batch.real, self.vocabulary_size).float())

    def discretize(self, sequences: Tensor) -> Tensor:
        """Convert one-hot vectors, or probabilities, to tokens, int64 with shape (N, T)."""
        return sequences.argmax(-1)

    def noise(self, num: int, generator: torch.Generator) -> Tensor:
        """Draw tokens uniformly, with shape (num, T)."""
        return self.fill_ends(torch.randint(self.vocabulary_size, (num, self.length), generator=generator))

    def unigram(self, num: int, generator: torch.Generator) -> Tensor:
        """Draw tokens independently at their frequencies in the training rows, ends included, with shape (num, T)."""
        counts = torch.zeros(self.vocabulary_size)
        for batch in self.batches("train", 1024):
            ended = (batch.real == END).cumsum(1) if self.ends else torch.zeros_like(batch.real)
            counts += batch.real[(ended == 0) | ((ended == 1) & (batch.real == END))].bincount(minlength=len(counts))
        drawn = torch.multinomial(counts, num * self.length, replacement=True, generator=generator)
        return self.fill_ends(drawn.view(num, self.length))

    def fill_ends(self, tokens: Tensor) -> Tensor:
        """Replace all tokens after the first end of each sequence, int64 with shape (N, T), by ends."""
        return tokens.masked_fill((tokens == END).cumsum(1) > 0, END) if self.ends else tokens

    def drawn_baselines(self) -> dict[str, DrawnBaseline]:
        return {"unigram": self.unigram}

    def picture(self, images: Tensor) -> Tensor:
        raise UserError(f"{type(self).__name__} has {self.noun}, which are text and no picture: write a .txt file")

    def picture_of(self, groups: Mapping[str, Tensor]) -> Tensor:
        return self.picture(next(iter(groups.values())))
