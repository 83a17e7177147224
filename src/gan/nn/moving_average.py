"""The moving average of a network's weights, which samples better than the weights themselves."""

from copy import deepcopy

import torch
from torch import nn

__all__ = ["MovingAverage"]


class MovingAverage(nn.Module):
    """An exponential moving average of a network's parameters; buffers are copied (Yazıcı et al., 2019, Eq. 3).

    The decay rises with the updates, so that a short run is not averaged with its own beginning.

    Args:
        network: The network to follow; a copy of it is kept, from the weights that it has now.
        decay: The weight of the past at each update, in the long run.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        super().__init__()
        self.network = deepcopy(network).requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Take the network's weights in, after its update number ``step`` (from 1)."""
        decay = min(self.decay, step / (9 + step))
        torch._foreach_lerp_(list(self.network.parameters()), list(network.parameters()), 1 - decay)
        if buffers := list(self.network.buffers()):
            torch._foreach_copy_(buffers, list(network.buffers()))
