"""Exponential moving average of a network's weights."""

from copy import deepcopy

import torch
from torch import nn

__all__ = ["MovingAverage"]


class MovingAverage(nn.Module):
    """A copy of a network with averaged parameters; buffers are copied (Yazıcı et al., 2019, Eq. 3).

    The decay rises from a low value over the first updates, so that the initial weights are soon forgotten.

    Args:
        network: Network to average; its present weights start the average.
        decay: Weight of the previous average at each update, in the long run.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        super().__init__()
        self.network = deepcopy(network).requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Average in the network's weights after its update number ``step``, counted from 1."""
        decay = min(self.decay, step / (9 + step))
        torch._foreach_lerp_(list(self.network.parameters()), list(network.parameters()), 1 - decay)
        if buffers := list(self.network.buffers()):
            torch._foreach_copy_(buffers, list(network.buffers()))
