"""Between points of latent space: straight, or along the sphere that normal noise lies near to (White, 2016)."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor

__all__ = ["PATHS", "Path", "lerp", "slerp", "travel"]

Path = Literal["spherical", "linear"]
NEARLY_PARALLEL = 1e-3  # the sine of an angle below which the sphere's formula divides by too little


def lerp(start: Tensor, end: Tensor, t: float) -> Tensor:
    """Go a share t of the straight way from start to end, each with shape (B, D)."""
    return torch.lerp(start, end, t)


def slerp(start: Tensor, end: Tensor, t: float) -> Tensor:
    """Go a share t of the way from start to end at a constant angle, row by row.

    The straight way through normal noise comes near to the origin, where no sample lies. Rows that are parallel, or
    opposite, where no one way around is the shortest, take the straight way.

    Args:
        start: With shape (B, D).
        end: With shape (B, D).
        t: From 0 to 1.
    """
    cosine = torch.cosine_similarity(start.double(), end.double(), dim=1)
    angle = cosine.clamp(-1, 1).acos()[:, None]
    sine = angle.sin()
    parallel = sine < NEARLY_PARALLEL
    weights = [torch.where(parallel, share, (share * angle).sin() / sine) for share in (1 - t, t)]
    return (weights[0] * start + weights[1] * end).to(start.dtype)


PATHS: dict[str, Callable[[Tensor, Tensor, float], Tensor]] = {"spherical": slerp, "linear": lerp}


def travel(stops: Sequence[Tensor], steps: int, way: Callable[[Tensor, Tensor, float], Tensor]) -> list[Tensor]:
    """Go from stop to stop in even steps; the first and the last place are the first and the last stop.

    Args:
        stops: Two or more tensors of one shape.
        steps: From one stop to the next.
        way: What lies between two stops.

    Returns:
        ``steps * (len(stops) - 1) + 1`` indices.
    """
    between = [way(start, end, step / steps) for start, end in pairwise(stops) for step in range(steps)]
    return [*between, stops[-1]]
