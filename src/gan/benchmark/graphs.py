"""Updates captured as CUDA graphs: one call replays all kernels of an update."""

from collections.abc import Callable, Iterable

import torch
from torch.optim import Optimizer

__all__ = ["captured"]

WARM_UP = 3  # updates before the capture, in which libraries choose kernels and optimisers create their states


def captured(update: Callable[[], None], optimizers: Iterable[Optimizer]) -> Callable[[], None]:
    """Capture an update as a CUDA graph, and return a function that replays it.

    Each replay runs the same kernels on the same memory; only the random numbers of the default generator advance. So
    the update must not depend on values that the CPU reads or draws: this holds for a bare loop whose images are on
    the GPU, but not for a run of this project, which seeds its generators by the number of the update.

    Args:
        update: A whole update of all networks, which steps the optimisers.
        optimizers: The optimisers, none of which has stepped.
    """
    optimizers = list(optimizers)
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["capturable"] = True  # the number of the step stays on the GPU
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(WARM_UP):
            update()
    torch.cuda.current_stream().wait_stream(stream)
    for optimizer in optimizers:
        optimizer.zero_grad()  # the gradients are to lie in the graph's own memory
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        update()
    return graph.replay
