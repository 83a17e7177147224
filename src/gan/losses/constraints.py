"""Constraints on the discriminator's weights, applied after each of its steps."""

from collections.abc import Callable

import torch
from torch import nn

__all__ = ["Constraint", "WeightClip"]

Constraint = Callable[[nn.Module], None]


class WeightClip:
    """Weight clipping: clamp parameters to [-bound, bound] in place (WGAN; Arjovsky et al., 2017, Algorithm 1).

    Args:
        bound: c in the paper.

    Raises:
        ValueError: If the bound is not positive.
    """

    def __init__(self, bound: float = 0.01) -> None:
        if bound <= 0:
            raise ValueError(f"bound must be positive, not {bound}")
        self.bound = bound

    @torch.no_grad()
    def __call__(self, network: nn.Module) -> None:
        for parameter in network.parameters():
            parameter.clamp_(-self.bound, self.bound)
