"""Interpolation between latent vectors: linear, or spherical as suits normal noise (White, 2016)."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor

from gan.float64 import to_float64

__all__ = ["PATHS", "LatentPath", "interpolate_keyframes", "lerp", "slerp"]

LatentPath = Literal["spherical", "linear"]
MIN_SINE = 1e-3  # below this sine of the angle, the spherical formula divides by almost zero


def lerp(start: Tensor, end: Tensor, t: float | Tensor) -> Tensor:
    """Interpolate linearly.

    Args:
        start: With shape (B, D).
        end: With shape (B, D).
        t: From 0 to 1, a number or one per row, with shape (B, 1).
    """
    return torch.lerp(start, end, t)


def slerp(start: Tensor, end: Tensor, t: float | Tensor) -> Tensor:
    """Interpolate along a great circle, row by row, at constant angular speed.

    A straight line between draws from a normal distribution passes near the origin, where no samples lie. Parallel and
    opposite rows are interpolated linearly, since no shortest arc is unique.

    Args:
        start: With shape (B, D).
        end: With shape (B, D).
        t: From 0 to 1, a number or one per row, with shape (B, 1).
    """
    exact_start, exact_end = to_float64(start), to_float64(end)
    cosine = torch.cosine_similarity(exact_start, exact_end, dim=1)
    angle = cosine.clamp(-1, 1).acos()[:, None]
    sine = angle.sin()
    parallel = sine < MIN_SINE
    t = to_float64(t) if isinstance(t, Tensor) else t
    weights = [torch.where(parallel, share, (share * angle).sin() / sine) for share in (1 - t, t)]
    return (weights[0] * exact_start + weights[1] * exact_end).to(start)


PATHS: dict[str, Callable[[Tensor, Tensor, float], Tensor]] = {"spherical": slerp, "linear": lerp}


def interpolate_keyframes(
    keyframes: Sequence[Tensor], steps: int, path: Callable[[Tensor, Tensor, float], Tensor]
) -> list[Tensor]:
    """Interpolate between successive keyframes in even steps; the keyframes themselves are included.

    Args:
        keyframes: Two or more tensors of one shape.
        steps: Steps from one keyframe to the next.
        path: Interpolation between two keyframes, such as ``slerp``.

    Returns:
        ``steps * (len(keyframes) - 1) + 1`` tensors.
    """
    points = [path(start, end, step / steps) for start, end in pairwise(keyframes) for step in range(steps)]
    return [*points, keyframes[-1]]
