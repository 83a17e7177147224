"""Classes as vectors that a network takes beside its input."""

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["LabelVector"]


class LabelVector(nn.Module):
    """A class as a one-hot vector, or as a learned one.

    Args:
        num_classes: Number of classes K.
        embedding_dim: Length of a learned vector; None for one-hot vectors, of length K.

    Attributes:
        size: Length of the vectors.

    Raises:
        ValueError: If there are no classes to tell apart.
    """

    def __init__(self, num_classes: int, embedding_dim: int | None = None) -> None:
        super().__init__()
        if num_classes < 2:
            raise ValueError(f"a conditional model needs data of two classes or more, not {num_classes}")
        if embedding_dim is not None and embedding_dim < 1:
            raise ValueError(f"embedding_dim must be at least 1, not {embedding_dim}")
        self.num_classes, self.size = num_classes, embedding_dim or num_classes
        self.embedding: nn.Module = nn.Identity()
        if embedding_dim is not None:
            self.embedding = nn.Linear(num_classes, embedding_dim, bias=False)
            nn.init.normal_(self.embedding.weight)

    def forward(self, labels: Tensor) -> Tensor:
        """Map classes, int64 with shape (B,), or a mixture of them, float32 with shape (B, K), to (B, size)."""
        mixture = labels if labels.is_floating_point() else F.one_hot(labels, self.num_classes).float()
        return self.embedding(mixture)
