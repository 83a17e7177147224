"""Recurrent network over tokens: a generator of sequences, with the likelihood of given ones."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.bounds import Count, Depth, Length, Vocabulary, Width
from gan.errors import UserError
from gan.keyed_random import KeyedRandom
from gan.nn.relational_memory import RelationalMemory

__all__ = ["END", "FREE", "TokenLSTM", "at_temperature"]

END = 0  # token that ends a sentence, and fills the places after it
FREE = -1  # in a prefix: a place that is to be sampled


class TokenLSTM(nn.Module):
    """LSTM, or relational memory, that generates tokens one by one from the softmax of the logits after those before.

    Args:
        vocabulary_size: Number V of tokens.
        length: Length T of all sequences.
        embedding: Length of a token's embedding.
        width: Units of the LSTM, or width of a slot of the memory.
        depth: Number of the LSTM's layers, or of the memory's rounds of attention per token.
        ends: Whether token 0 ends a sequence: only itself follows it, with probability one.
        memory: Slots of a relational memory in place of the LSTM (RelGAN; Nie et al., 2019); None for the LSTM.
        heads: Attention heads of the memory.

    Attributes:
        temperature: Divisor of the logits, of samples and of likelihoods; see ``at_temperature``.
    """

    def __init__(
        self,
        vocabulary_size: Vocabulary,
        length: Length,
        embedding: Width = 32,
        width: Width = 32,
        depth: Depth = 1,
        ends: bool = False,
        memory: Count | None = None,
        heads: Count = 2,
    ) -> None:
        super().__init__()
        self.vocabulary_size, self.length, self.ends = vocabulary_size, length, ends
        self.temperature = 1.0
        self.embedding = nn.Embedding(vocabulary_size, embedding)
        self.start = nn.Parameter(torch.randn(embedding))  # embedding of the token before the first
        self.lstm = nn.LSTM(embedding, width, depth, batch_first=True) if memory is None else None
        self.memory = None if memory is None else RelationalMemory(embedding, width, memory, heads, depth)
        self.head = nn.Linear(width * (memory or 1), vocabulary_size)

    def draw_noise(self, rng: KeyedRandom) -> dict[str, Tensor]:
        """Draw the numbers that ``forward`` samples by: one per token, from U[0, 1)."""
        return {"uniform": rng.uniform(self.length)}

    @property
    def recurrence(self) -> nn.Module:
        """The LSTM or the relational memory, which maps inputs and a state to outputs and the next state."""
        network = self.memory or self.lstm
        assert network is not None
        return network

    def log_likelihoods(self, tokens: Tensor) -> Tensor:
        """Return the log-probability of each token given those before it, in nats, with shape (B, T).

        Tokens after the end of a sentence have probability one.

        Args:
            tokens: int64, with shape (B, T).
        """
        before = torch.cat([self.start.expand(len(tokens), 1, -1), self.embedding(tokens[:, :-1])], 1)
        logits = self.logits(self.recurrence(before)[0])
        chosen = logits.log_softmax(-1).gather(-1, tokens[..., None])[..., 0]
        return chosen.masked_fill(self.is_padding(tokens), 0.0) if self.ends else chosen

    def logits(self, hidden: Tensor) -> Tensor:
        """Return the logits of the next token, float32 with shape (..., V), from the recurrent network's output."""
        return self.head(hidden).float() / self.temperature

    def is_padding(self, tokens: Tensor) -> Tensor:
        """Return whether each token fills the place after the end of its sequence, with shape (B, T)."""
        ended = (tokens == END).long() if self.ends else torch.zeros_like(tokens)
        return ended.cumsum(1) > ended

    def sample_tokens(self, uniform: Tensor, prefix: Tensor | None = None) -> Tensor:
        """Sample sequences by inversion of each token's cumulative distribution, int64 with shape (B, T).

        Args:
            uniform: A number in [0, 1) for each token, with shape (B, T).
            prefix: Tokens that are given, with shape (B, T), and -1 where one is to be sampled; None to sample all.
        """
        tokens, inputs, state = list[Tensor](), self.start.expand(len(uniform), 1, -1), None
        ended = torch.zeros(len(uniform), dtype=torch.bool, device=uniform.device)
        for place in range(self.length):
            output, state = self.recurrence(inputs, state)
            token = invert_cdf(self.logits(output[:, 0]), uniform[:, place])
            if prefix is not None:
                token = torch.where(prefix[:, place] == FREE, token, prefix[:, place])
            if self.ends:
                token = token.masked_fill(ended, END)
                ended = ended | (token == END)
            tokens.append(token)
            inputs = self.embedding(token)[:, None]
        return torch.stack(tokens, 1)

    def forward(
        self,
        z: Tensor | None,
        labels: Tensor | None = None,
        condition: Tensor | None = None,
        noise: dict[str, Tensor] | None = None,
    ) -> Tensor:
        """Sample sequences as one-hot vectors, float32 with shape (B, T, V), without a gradient.

        Args:
            z: Not used; None.
            labels: Not used.
            condition: The prefix; see ``sample_tokens``.
            noise: ``uniform``.
        """
        assert noise is not None
        tokens = self.sample_tokens(noise["uniform"], condition)
        return F.one_hot(tokens, self.vocabulary_size).float()


@contextmanager
def at_temperature(network: nn.Module, temperature: float) -> Iterator[None]:
    """Divide a network's logits by a temperature within a block: below one for likelier samples, above for others.

    Raises:
        UserError: If the network is no TokenLSTM, or the temperature not above 0.
    """
    if not isinstance(network, TokenLSTM):
        raise UserError(f"{type(network).__name__} has no temperature: it generates no sequences of tokens")
    if not temperature > 0:
        raise UserError(f"the temperature must be above 0, not {temperature}")
    before, network.temperature = network.temperature, temperature
    try:
        yield
    finally:
        network.temperature = before


def invert_cdf(logits: Tensor, uniform: Tensor) -> Tensor:
    """Return the token at a quantile of each row's softmax.

    Args:
        logits: With shape (B, V).
        uniform: Quantiles in [0, 1), with shape (B,).
    """
    cumulative = logits.softmax(-1).cumsum(-1)
    quantiles = uniform[:, None] * cumulative[:, -1:]  # the sum is one up to rounding
    return torch.searchsorted(cumulative, quantiles, right=True)[:, 0].clamp(max=logits.shape[1] - 1)
