"""Class conditioning: classes as vectors, and class-conditional normalisation."""

import torch.nn.functional as F
from torch import Tensor, nn

from gan.bounds import Width
from gan.nn.layers import Norm, norm_layer

__all__ = ["ConditionalNorm", "LabelVector", "check_classes"]


def check_classes(num_classes: int) -> None:
    """Raise ValueError if there are fewer than two classes."""
    if num_classes < 2:
        raise ValueError(f"a conditional model needs data of two classes or more, not {num_classes}")


class LabelVector(nn.Module):
    """One-hot vector or learned embedding of a class.

    Args:
        num_classes: Number of classes K.
        embedding_dim: Length of the embedding; None for one-hot vectors of length K.

    Attributes:
        size: Length of the vectors.

    Raises:
        ValueError: If there are fewer than two classes.
    """

    def __init__(self, num_classes: int, embedding_dim: Width | None = None) -> None:
        super().__init__()
        check_classes(num_classes)
        self.num_classes, self.size = num_classes, embedding_dim or num_classes
        self.embedding: nn.Module = nn.Identity()
        if embedding_dim is not None:
            self.embedding = nn.Linear(num_classes, embedding_dim, bias=False)
            nn.init.normal_(self.embedding.weight)

    def forward(self, labels: Tensor) -> Tensor:
        """Map classes, int64 with shape (B,), or mixtures of classes, float32 with shape (B, K), to (B, size)."""
        mixture = labels if labels.is_floating_point() else F.one_hot(labels, self.num_classes).float()
        return self.embedding(mixture)


class ConditionalNorm(nn.Module):
    """Normalisation with a learned scale and shift per class (Dumoulin et al., 2017, Section 2.2).

    Args:
        norm: Name of the normalisation; see ``norm_layer``.
        features: Channels.
        num_classes: Number of classes K.

    Raises:
        ValueError: If the norm is unknown, or there are fewer than two classes.
    """

    def __init__(self, norm: Norm, features: int, num_classes: int) -> None:
        super().__init__()
        self.label = LabelVector(num_classes)
        self.norm = norm_layer(norm, features, affine=False)
        self.scale = nn.Linear(num_classes, features, bias=False)
        self.shift = nn.Linear(num_classes, features, bias=False)
        nn.init.ones_(self.scale.weight)
        nn.init.zeros_(self.shift.weight)

    def forward(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """Normalise inputs, with shape (B, C, H, W), for classes or mixtures of classes, as in LabelVector."""
        mixture = self.label(labels)
        scale, shift = self.scale(mixture)[:, :, None, None], self.shift(mixture)[:, :, None, None]
        return scale * self.norm(inputs) + shift
