"""Constraints on the discriminator's weights, applied after each of its steps."""

from collections.abc import Callable

import torch
from torch import nn

from gan.bounds import Positive

__all__ = ["Constraint", "WeightClip"]

Constraint = Callable[[nn.Module], None]


class WeightClip:
    """Weight clipping: clamp parameters to [-bound, bound] in place (WGAN; Arjovsky et al., 2017, Algorithm 1).

    Args:
        bound: c in the paper.
    """

    def __init__(self, bound: Positive = 0.01) -> None:
        self.bound = bound

    @torch.no_grad()
    def __call__(self, network: nn.Module) -> None:
        for parameter in network.parameters():
            parameter.clamp_(-self.bound, self.bound)
