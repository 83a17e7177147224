"""Holes in images: fixed halves, the centre, random boxes and random strokes."""

from typing import Literal

import torch
from torch import Tensor

from gan.keyed_random import KeyedRandom

__all__ = ["Hole", "draw_holes"]

Hole = Literal["lower_half", "upper_half", "left_half", "right_half", "centre", "box", "strokes"]

STROKES, SEGMENTS = 4, 4  # per image, and per stroke


def draw_holes(kind: Hole, rng: KeyedRandom, height: int, width: int) -> Tensor:
    """Draw a hole for each row, float32 with shape (B, 1, height, width): 1 in the hole, 0 where pixels are known.

    Args:
        kind: A half; ``centre``, half as high and wide as the image; ``box``, at a random place and a quarter to half
            as high and wide; or ``strokes``, random brush strokes.
        rng: Random numbers, one row per image; fixed holes use none.
        height: Height of the images in pixels.
        width: Width of the images in pixels.
    """
    if kind == "strokes":
        return _strokes(rng, height, width)
    if kind == "box":
        return _box(rng, height, width)
    rows, columns = {
        "lower_half": (slice(height // 2, None), slice(None)),
        "upper_half": (slice(height // 2), slice(None)),
        "left_half": (slice(None), slice(width // 2)),
        "right_half": (slice(None), slice(width // 2, None)),
        "centre": (slice(height // 4, height - height // 4), slice(width // 4, width - width // 4)),
    }[kind]
    hole = torch.zeros(1, 1, height, width, device=rng.device)
    hole[..., rows, columns] = 1
    return hole.repeat(len(rng), 1, 1, 1)


def _box(rng: KeyedRandom, height: int, width: int) -> Tensor:
    numbers = rng.uniform(2, 2)  # height and width: size, place
    shape = numbers.new_tensor([height, width])
    sizes = (shape * (1 + numbers[:, 0]) / 4).round().clamp(min=1)
    starts = (numbers[:, 1] * (shape - sizes + 1)).floor()
    (top, left), (bottom, right) = starts.T, (starts + sizes).T
    y, x = _pixels(height, width, numbers)
    inside = (y >= _each(top)) & (y < _each(bottom)) & (x >= _each(left)) & (x < _each(right))
    return inside.float()[:, None]


def _strokes(rng: KeyedRandom, height: int, width: int) -> Tensor:
    """Draw strokes of straight segments, up to a quarter of the shorter side long and a sixteenth to an eighth wide."""
    side = min(height, width)
    numbers = rng.uniform(STROKES, SEGMENTS + 1, 2)
    radius = side * (1 + numbers[:, :, 0, 0]) / 32  # of the brush; the first vertex uses its numbers for place as well
    starts = rng.uniform(STROKES, 2) * numbers.new_tensor([height, width])
    angles, lengths = 2 * torch.pi * numbers[:, :, 1:, 0], side * (1 + numbers[:, :, 1:, 1]) / 8
    steps = lengths[..., None] * torch.stack([angles.sin(), angles.cos()], -1)
    vertices = torch.cat([starts[:, :, None], starts[:, :, None] + steps.cumsum(2)], 2)
    y, x = _pixels(height, width, numbers)
    hole = torch.zeros(len(rng), height, width, dtype=torch.bool, device=rng.device)
    for stroke in range(STROKES):
        for segment in range(SEGMENTS):
            (y0, x0), (dy, dx) = (_each(vertices[:, stroke, segment].T), _each(steps[:, stroke, segment].T))
            along = (((y - y0) * dy + (x - x0) * dx) / (dy**2 + dx**2)).clamp(0, 1)  # nearest point of the segment
            hole |= (y - y0 - along * dy) ** 2 + (x - x0 - along * dx) ** 2 <= _each(radius[:, stroke]) ** 2
    return hole.float()[:, None]


def _pixels(height: int, width: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Return the row and the column of each pixel, with shapes (height, 1) and (width)."""
    return torch.arange(height, device=like.device)[:, None], torch.arange(width, device=like.device)


def _each(values: Tensor) -> Tensor:
    return values[..., None, None]
