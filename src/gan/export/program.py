"""Export to a ``torch.export`` program, which PyTorch runs without the model's code."""

from pathlib import Path

import torch

from gan.export.graph import Graph, atomic_export

__all__ = ["write"]


def write(graph: Graph, path: Path) -> float:
    """Write a graph as a ``torch.export`` program and verify it.

    Args:
        graph: The graph.
        path: A ``.pt2`` file.

    Returns:
        The maximum difference from the generator's images.

    Raises:
        UserError: If the images differ too much; no file is left then.
    """
    with atomic_export(path) as partial:
        with partial.open("wb") as file:
            torch.export.save(graph.program, file)
        with partial.open("rb") as file:
            return graph.difference(torch.export.load(file).module())
