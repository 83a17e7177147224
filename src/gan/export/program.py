"""A generator's graph as PyTorch's own file (``torch.export``), which Python reads without the code of the model."""

from pathlib import Path

import torch

from gan.export.graph import Graph, written

__all__ = ["write"]


def write(graph: Graph, path: Path) -> float:
    """Write a graph, read it back, and check it.

    Args:
        graph: The graph.
        path: A ``.pt2``.

    Returns:
        The largest difference from the generator's own images.

    Raises:
        UserError: If it differs too much; there is no file then.
    """
    with written(path) as partial:
        with partial.open("wb") as file:
            torch.export.save(graph.program, file)
        with partial.open("rb") as file:
            return graph.difference(torch.export.load(file).module())
