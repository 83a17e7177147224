"""Data parallelism for a module with several networks that are updated alternately."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.distributed as dist
from pytorch_lightning.strategies import DDPStrategy
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim import Optimizer

from gan.nn.moving_average import MovingAverage

__all__ = ["NetworksStrategy", "average_over_ranks"]

BUCKET_BYTES = 25_000_000


class NetworksStrategy(DDPStrategy):
    """Average the gradients of one optimiser's parameters over the ranks, right before its step.

    DistributedDataParallel requires a gradient of every parameter in each backward pass, or searches the graph for
    unused parameters and reduces both networks' gradients every time. With this strategy, a backward pass is local to
    its rank, also when a batch is accumulated in parts, and an update takes one all-reduce. The running statistics of
    batch norms, which differ by rank, are averaged with it, so that the ranks' weights and buffers stay bit-identical.

    The arguments are those of Lightning's DDPStrategy.
    """

    def configure_ddp(self) -> None:
        """Broadcast weights and buffers from rank 0. The module is not wrapped."""
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
        average_over_ranks([*gradients, *_running_statistics(self.model)])
        return super().optimizer_step(optimizer, closure, model, **kwargs)


@torch.no_grad()
def average_over_ranks(tensors: list[Tensor]) -> None:
    """Replace tensors of one dtype by their mean over the ranks, through one flat buffer sent in buckets of 25 MB."""
    flat = torch.cat([tensor.flatten() for tensor in tensors])
    for work in [dist.all_reduce(part, async_op=True) for part in flat.split(BUCKET_BYTES // flat.itemsize)]:
        work.wait()
    flat.div_(dist.get_world_size())
    parts = flat.split([tensor.numel() for tensor in tensors])
    torch._foreach_copy_(tensors, [part.view_as(tensor) for part, tensor in zip(parts, tensors, strict=True)])


def _running_statistics(module: nn.Module) -> Iterator[Tensor]:
    """Yield the running means and variances of batch norms, except those in moving averages."""
    if isinstance(module, _BatchNorm) and module.running_mean is not None and module.running_var is not None:
        yield from (module.running_mean, module.running_var)
    for child in module.children():
        if not isinstance(child, MovingAverage):
            yield from _running_statistics(child)
