"""Sequences of a random LSTM, the oracle, whose likelihood is known (SeqGAN; Yu et al., 2017, Section 4)."""

from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Tensor

from gan.bounds import Count, Length, Seed, Vocabulary, Width
from gan.data.module import Split
from gan.data.sequences import SequenceDataModule, TokenRows
from gan.errors import UserError, one_line
from gan.keyed_random import KeyedRandom, Stream, temporary_seed
from gan.nn.token_lstm import TokenLSTM

__all__ = ["Oracle"]

BATCH_SIZE = 1024
GATES = "ifco"  # input, forget, cell, output: torch's order


class Oracle(SequenceDataModule):
    """Sequences drawn from an LSTM with weights from N(0, 1).

    Args:
        path: NPZ file of the oracle's weights, as the authors' are named; None to draw them.
        oracle_seed: Seed of the weights, and of the sequences.
        vocabulary_size: Number V of tokens.
        length: Length T of the sequences.
        embedding: Length of a token's embedding.
        width: Units of the LSTM.
        rows: Number of sequences in each split.
        ends: No token ends a sequence; models refer to it.
        **settings: Arguments of SequenceDataModule.

    Raises:
        UserError: If the file cannot be read, or has weights of other shapes.
    """

    def __init__(
        self,
        path: str | None = None,
        oracle_seed: Seed = 0,
        vocabulary_size: Vocabulary = 50,
        length: Length = 8,
        embedding: Width = 32,
        width: Width = 32,
        rows: Count = 10_000,
        ends: Literal[False] = False,
        **settings: Any,
    ) -> None:
        super().__init__(vocabulary_size, length, ends, **settings)
        self.path, self.oracle_seed, self.rows = path, oracle_seed, rows
        self.embedding, self.width = embedding, width

    @cached_property
    def oracle(self) -> TokenLSTM:
        """The oracle, in evaluation mode."""
        with temporary_seed(self.oracle_seed):
            network = TokenLSTM(self.vocabulary_size, self.length, self.embedding, self.width).requires_grad_(False)
            for parameter in network.parameters():
                parameter.normal_()
        network.recurrence.get_parameter("bias_hh_l0").zero_()  # torch adds two biases, the authors have one
        if self.path is not None:
            weights = _read(Path(self.path))
            try:
                network.load_state_dict(weights | {"start": weights["embedding.weight"][0]})
            except RuntimeError as error:  # other shapes
                size = len(weights["embedding.weight"])
                raise UserError(
                    f"data.path: {self.path} has other sizes than these: set data.vocabulary_size={size}, "
                    "data.embedding and data.width to its own"
                ) from error
        else:
            network.start.copy_(network.embedding.weight[0])  # the authors begin with token 0
        return network.eval()

    def load(self, split: Split) -> TokenRows:
        parts = []
        for start in range(0, self.rows, BATCH_SIZE):
            key = (self.oracle_seed, Stream.CONDITIONS, int(split == "test"), start)
            rng = KeyedRandom(*key, total=min(BATCH_SIZE, self.rows - start))
            with torch.no_grad():
                parts.append(self.oracle.sample_tokens(rng.uniform(self.length)))
        return TokenRows(torch.cat(parts))

    def lines(self, tokens: Tensor) -> list[str]:
        return [" ".join(map(str, row)) for row in tokens.tolist()]

    def encode(self, line: str) -> list[int]:
        words = line.split()
        for word in words:
            if not (word.isdecimal() and int(word) < self.vocabulary_size):
                raise UserError(f"{word!r} is no token: they are the numbers from 0 to {self.vocabulary_size - 1}")
        return [int(word) for word in words]


def _read(path: Path) -> dict[str, Tensor]:
    """Read the weights of an oracle: each gate's matrices map rows, and are transposed and stacked here."""
    try:
        with np.load(path) as file:
            found = {name: torch.from_numpy(file[name]).float() for name in file.files}
        stacked = {
            f"lstm.{ours}_l0": torch.cat([found[f"{theirs}_{gate}"].t() for gate in GATES])
            for ours, theirs in {"weight_ih": "w", "weight_hh": "u", "bias_ih": "b"}.items()
        }
        return stacked | {
            "lstm.bias_hh_l0": torch.zeros_like(stacked["lstm.bias_ih_l0"]),
            "embedding.weight": found["embedding"],
            "head.weight": found["w_out"].t(),
            "head.bias": found["b_out"],
        }
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise UserError(f"data.path: {path} holds no weights of an oracle ({one_line(error)})") from error
