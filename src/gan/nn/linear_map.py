"""Linear map between two spaces of vectors, and the step that keeps it orthogonal."""

import torch
from torch import Tensor, nn

from gan.bounds import Width

__all__ = ["LinearMap", "orthogonalize"]


class LinearMap(nn.Module):
    """Square matrix W that maps vectors x to W x; it starts as the identity.

    Args:
        dimension: Length D of the vectors.
    """

    def __init__(self, dimension: Width) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.eye(dimension))

    def forward(self, z: Tensor | None, labels: Tensor | None, condition: Tensor) -> Tensor:
        """Map the condition, with shape (B, D)."""
        return condition @ self.weight.T


@torch.no_grad()
def orthogonalize(weight: Tensor, strength: float) -> None:
    """Move a matrix towards orthogonal ones in place: W becomes (1 + β) W - β W Wᵀ W (Conneau et al., 2018, Eq. 7).

    Args:
        weight: W, with shape (D, D) and singular values near one: those above √(1 + 1/β) change their sign.
        strength: β.
    """
    weight.copy_((1 + strength) * weight - strength * weight @ weight.T @ weight)
