"""Recurrent translator between two languages: a shared encoder and a shared decoder with attention."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.bounds import Depth, Length, Vocabulary, Width
from gan.errors import UserError
from gan.nn.token_lstm import END

__all__ = ["SOURCE", "TARGET", "ReversedTranslator", "SentenceTranslator", "is_used", "parse_dictionary"]

SOURCE, TARGET = 0, 1  # numbers of the languages


def is_used(tokens: Tensor) -> Tensor:
    """Return whether each token, int64 with shape (B, T), is of a line, its first end included."""
    ended = (tokens == END).long()
    return ended.cumsum(1) == ended


def parse_dictionary(dictionary: list[str], vocabulary_size: int) -> list[list[int]]:
    """Return each token's translation to the target and to the source language.

    Args:
        dictionary: Those of all tokens, in both directions, as numbers that are separated by spaces.
        vocabulary_size: Number V of tokens.

    Raises:
        UserError: If it is malformed.
    """
    known = {str(token): token for token in range(vocabulary_size)}
    maps = [[known.get(number, -1) for number in side.split()] for side in dictionary]
    if [len(side) for side in maps] != 2 * [vocabulary_size] or -1 in maps[0] + maps[1]:
        raise UserError(
            f"data.dictionary must be two texts of {vocabulary_size} numbers below {vocabulary_size}: leave it out to "
            "find them"
        )
    return maps


class SentenceTranslator(nn.Module):
    """Bidirectional GRU, and a GRU that attends to its states (Luong et al., 2015); both know the language.

    Args:
        vocabulary_size: Number V of tokens of both languages, of which 0 ends a line.
        length: Length T of all lines.
        embedding: Length of a token's embedding.
        width: Units H of a state, half of them in each direction; rounded up to an even number.
        depth: Layers of the encoder and of the decoder.
        dictionary: For each token, its translation to the target language and to the source language, as numbers that
            are separated by spaces; None for itself.

    Raises:
        UserError: If the dictionary is malformed.
    """

    dictionary: Tensor

    def __init__(
        self,
        vocabulary_size: Vocabulary,
        length: Length,
        embedding: Width = 64,
        width: Width = 128,
        depth: Depth = 1,
        dictionary: list[str] | None = None,
    ) -> None:
        super().__init__()
        self.vocabulary_size, self.length = vocabulary_size, length
        half = (width + 1) // 2
        self.embedding = nn.Embedding(vocabulary_size, embedding)
        self.language = nn.Embedding(2, embedding)
        self.encoder = nn.GRU(embedding, half, depth, batch_first=True, bidirectional=True)
        self.start = nn.Linear(2 * half, 2 * half * depth)  # first state of the decoder
        self.decoder = nn.GRU(embedding, 2 * half, depth, batch_first=True)
        self.query = nn.Linear(2 * half, 2 * half, bias=False)
        self.mix = nn.Linear(4 * half, embedding)
        self.head = nn.Linear(embedding, vocabulary_size)
        maps = [list(range(vocabulary_size))] * 2
        if dictionary is not None:
            maps = parse_dictionary(dictionary, vocabulary_size)
        self.register_buffer("dictionary", torch.tensor(maps), persistent=False)  # an option, and no weight

    def encode(self, tokens: Tensor, language: int) -> Tensor:
        """Return the states of lines, with shape (B, T, H); those after a line's end are zero.

        Args:
            tokens: int64, with shape (B, T).
            language: SOURCE or TARGET.
        """
        used = is_used(tokens)[..., None]
        states, _ = self.encoder(used * self._embedded(tokens, language))
        return used * states

    def latent(self, tokens: Tensor, language: int) -> Tensor:
        """Return the states of lines without those after the end, in whose place a line's states are repeated."""
        states, number = self.encode(tokens, language), is_used(tokens).sum(1, keepdim=True)
        places = torch.arange(tokens.shape[1], device=tokens.device) % number
        return states.gather(1, places[..., None].expand_as(states))

    def losses(self, given: Tensor, language: int, wanted: Tensor, wanted_language: int) -> Tensor:
        """Return the negative log-likelihood of each line given another, in nats a token, with shape (B,).

        Args:
            given: Tokens that are encoded, int64 with shape (B, T).
            language: Their language.
            wanted: Tokens that are decoded.
            wanted_language: Their language.
        """
        states, used = self.encode(given, language), is_used(wanted)
        before = F.pad(wanted[:, :-1], (1, 0), value=END)
        hidden, _ = self.decoder(self._embedded(before, wanted_language), self._first(states, given))
        logits = self._logits(hidden, states, given)
        nll = F.cross_entropy(logits.transpose(1, 2), wanted, reduction="none")
        return (nll * used).sum(1) / used.sum(1)

    @torch.no_grad()
    def translate(self, tokens: Tensor, language: int) -> Tensor:
        """Translate lines of a language to the other one, by the likeliest token at each place.

        Args:
            tokens: int64, with shape (B, T).
            language: SOURCE or TARGET.

        Returns:
            Tokens, int64 with shape (B, T).
        """
        states = self.encode(tokens, language)
        hidden, token, found = self._first(states, tokens), torch.zeros_like(tokens[:, :1]), list[Tensor]()
        ended = torch.zeros_like(token, dtype=torch.bool)
        for _ in range(self.length):
            output, hidden = self.decoder(self._embedded(token, 1 - language), hidden)
            token = self._logits(output, states, tokens).argmax(-1).masked_fill(ended, END)
            ended = ended | (token == END)
            found.append(token)
        return torch.cat(found, 1)

    def word_by_word(self, tokens: Tensor, language: int) -> Tensor:
        """Translate each token of lines of a language by the dictionary."""
        return self.dictionary[language][tokens]

    def forward(self, z: Tensor | None, labels: Tensor | None, condition: Tensor) -> Tensor:
        """Translate source lines, int64 with shape (B, T), to one-hot vectors, float32 with shape (B, T, V)."""
        return F.one_hot(self.translate(condition, SOURCE), self.vocabulary_size).float()

    def _embedded(self, tokens: Tensor, language: int) -> Tensor:
        return self.embedding(tokens) + self.language.weight[language]

    def _first(self, states: Tensor, tokens: Tensor) -> Tensor:
        """Return the decoder's first state, with shape (depth, B, H)."""
        mean = states.sum(1) / is_used(tokens).sum(1, keepdim=True)
        return self.start(mean).tanh().unflatten(1, (self.decoder.num_layers, -1)).transpose(0, 1).contiguous()

    def _logits(self, hidden: Tensor, states: Tensor, tokens: Tensor) -> Tensor:
        """Return the logits of tokens, float32 with shape (B, T', V), after attention to the encoder's states."""
        scores = self.query(hidden) @ states.transpose(1, 2) / hidden.shape[-1] ** 0.5
        weights = scores.float().masked_fill(~is_used(tokens)[:, None], float("-inf")).softmax(-1)
        context = weights.to(states.dtype) @ states
        return self.head(self.mix(torch.cat([hidden, context], -1)).tanh()).float()


class ReversedTranslator(nn.Module):
    """Translator from the target language to the source language, with another one's weights.

    Args:
        translator: The other one.
    """

    def __init__(self, translator: SentenceTranslator) -> None:
        super().__init__()
        self.translator = translator

    def forward(self, z: Tensor | None, labels: Tensor | None, condition: Tensor) -> Tensor:
        """Translate target lines, int64 with shape (B, T), to one-hot vectors, float32 with shape (B, T, V)."""
        translator = self.translator
        return F.one_hot(translator.translate(condition, TARGET), translator.vocabulary_size).float()
