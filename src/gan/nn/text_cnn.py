"""Convolutional discriminator of sequences (Kim, 2014; as in SeqGAN, Yu et al., 2017, Section 3.3)."""

import torch
from torch import Tensor, nn

from gan.bounds import Length, Packing, Probability, Vocabulary, Width
from gan.types import DiscriminatorOutput

__all__ = ["TextCNN"]


class TextCNN(nn.Module):
    """Convolutions of several window sizes, their maxima over time, and a highway layer.

    Sequences are one-hot vectors, or mixtures of them as penalties need, or indices, which take less memory.

    Args:
        vocabulary_size: Number V of tokens.
        length: Length T of the sequences.
        embedding: Length of a token's embedding.
        width: Filters of each window size.
        windows: Sizes of the windows; those above T are left out.
        dropout: Fraction of features dropped before the last layer.

    Attributes:
        num_features: Length F of the output's features.
        batch_independent: Whether an output does not depend on the rest of the batch, nor on chance.

    Raises:
        ValueError: If no window fits.
    """

    def __init__(
        self,
        vocabulary_size: Vocabulary,
        length: Length,
        embedding: Width = 64,
        width: Width = 64,
        windows: list[Packing] | tuple[Packing, ...] = (1, 2, 3, 4),
        dropout: Probability = 0.25,
    ) -> None:
        super().__init__()
        fitting = [size for size in windows if size <= length]
        if not fitting:
            raise ValueError(f"windows={list(windows)} are all longer than a sequence of length {length}")
        self.embedding = nn.Embedding(vocabulary_size, embedding)
        self.convolutions = nn.ModuleList(nn.Conv1d(embedding, width, size) for size in fitting)
        self.num_features = width * len(fitting)
        self.gate = nn.Linear(self.num_features, self.num_features)
        self.transform = nn.Linear(self.num_features, self.num_features)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(self.num_features, 1))
        self.batch_independent = dropout == 0

    def forward(self, sequences: Tensor, labels: Tensor | None = None) -> DiscriminatorOutput:
        """Map sequences, float32 with shape (B, T, V) or int64 with shape (B, T), to logits and features."""
        indices = sequences.dim() == 2
        embedded = self.embedding(sequences) if indices else sequences @ self.embedding.weight
        maxima = [convolution(embedded.mT).relu().amax(2) for convolution in self.convolutions]
        pooled = torch.cat(maxima, 1)
        gate = self.gate(pooled).sigmoid()
        features = gate * self.transform(pooled).relu() + (1 - gate) * pooled  # a highway layer
        return DiscriminatorOutput(self.head(features).flatten(), features)
