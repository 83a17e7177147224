"""Data parallelism for a module of several networks that are updated in turn."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.distributed as dist
from pytorch_lightning.strategies import DDPStrategy
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim import Optimizer

from gan.distributed.environment import rank_info
from gan.distributed.exchange import Exchange, exchange
from gan.nn.moving_average import MovingAverage

__all__ = ["NetworksStrategy"]


class NetworksStrategy(DDPStrategy):
    """Averages, before each optimiser's step, just the gradients of that optimiser's parameters over the ranks.

    DistributedDataParallel wants every parameter's gradient in every backward pass, which no player of a game has, or
    searches the graph for those that have none and reduces both players' gradients for each. Here a backward pass is
    the rank's own, however many parts a batch is accumulated from; an update then takes one exchange. The running
    statistics of batch norms, which each rank has of its own images, go with it, so that the ranks stay identical to
    the bit.

    Args:
        shared_memory: Whether the ranks of one machine, on its CPUs, exchange through memory that they share.
        settings: Those of Lightning's DDPStrategy.
    """

    def __init__(self, shared_memory: bool = True, **settings: Any) -> None:
        super().__init__(**settings)
        self.shared_memory = shared_memory
        self._exchanges: dict[int, Exchange] = {}

    def configure_ddp(self) -> None:
        """Start all ranks from the first one's weights and buffers; nothing is wrapped."""
        assert self.model is not None
        with torch.no_grad():
            for tensor in (*self.model.parameters(), *self.model.buffers()):
                dist.broadcast(tensor, 0)

    def optimizer_step(
        self,
        optimizer: Optimizer,
        closure: Callable[[], Any],
        model: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Average the gradients, then step."""
        assert self.model is not None
        parameters = (p for group in optimizer.param_groups for p in group["params"])
        gradients = [p.grad for p in parameters if p.grad is not None]
        tensors = [*gradients, *_running_statistics(self.model)]
        size = sum(tensor.numel() for tensor in tensors)
        if size not in self._exchanges:
            self._exchanges[size] = exchange(tensors[0], size, self.shared_memory and rank_info().nodes == 1)
        self._exchanges[size].average(tensors)
        return super().optimizer_step(optimizer, closure, model, **kwargs)


def _running_statistics(module: nn.Module) -> Iterator[Tensor]:
    """Yield the means and variances that batch norms keep, but for copies in moving averages."""
    if isinstance(module, _BatchNorm) and module.running_mean is not None and module.running_var is not None:
        yield from (module.running_mean, module.running_var)
    for child in module.children():
        if not isinstance(child, MovingAverage):
            yield from _running_statistics(child)
