"""Static vectors of words from a Python package: features of text, without a download."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from gan.data.module import DataModule
from gan.data.sequences import SequenceDataModule
from gan.digest import digest
from gan.errors import UserError
from gan.extras import import_extra
from gan.features.base import FeatureExtractor, Features

__all__ = ["LineEncoder", "WordLlama"]


class LineEncoder(Protocol):
    """Map from lines of text to vectors."""

    def embed(self, texts: Sequence[str]) -> Any:
        """Return vectors, float32 with shape (N, F)."""


class WordLlama(FeatureExtractor):
    """Mean vector of a line's tokens, 256 numbers of the package WordLlama, which come from Llama 2's embeddings.

    Args:
        data: Text.

    Raises:
        UserError: If the package is not installed, or the data are no sequences.
    """

    name = "wordllama"
    num_features = 256

    def __init__(self, data: DataModule) -> None:
        super().__init__()
        if not isinstance(data, SequenceDataModule):
            raise UserError(f"metric/features={self.name} takes text, and {type(data).__name__} has {data.noun}")
        self.data, self.encoder = data, self.load()
        self.weights = digest([torch.as_tensor(self.encoder.embed(["a", "b c"]))])[:16]

    def load(self) -> LineEncoder:
        """Return the encoder.

        Raises:
            UserError: If the package is not installed.
        """
        wordllama: Any = import_extra("wordllama", "wordllama", f"metric/features={self.name}")
        folder = Path(wordllama.__file__).parent  # which it does not search for its tokenizer otherwise
        encoder: LineEncoder = wordllama.WordLlama.load(dim=self.num_features, cache_dir=folder, disable_download=True)
        return encoder

    def forward(self, tokens: Tensor) -> Features:
        """Map tokens, int64 with shape (B, T), to features."""
        lines = self.data.lines(tokens.cpu())
        shown = [line for line in lines if line]
        vectors = torch.zeros(len(lines), self.num_features, device=tokens.device)  # of an empty line
        if shown:
            kept = torch.tensor([bool(line) for line in lines], device=tokens.device)
            vectors[kept] = torch.as_tensor(self.encoder.embed(shown), dtype=torch.float32).to(tokens.device)
        return Features(vectors)

    @property
    def protocol(self) -> dict[str, Any]:
        return {"features": self.name, "weights": self.weights, "resize": "none"}
