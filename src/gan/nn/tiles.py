"""Images of any size: padding by reflection, and overlapping tiles that are blended smoothly."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

__all__ = ["blend_tiles", "pad_by_reflection", "tile_weights"]


def pad_by_reflection(images: Tensor, height: int, width: int) -> Tensor:
    """Pad images, (B, C, H, W), at the bottom and on the right, by as many reflections as it takes."""
    rows, columns = (
        torch.from_numpy(np.pad(np.arange(size), (0, wanted - size), mode="reflect")).to(images.device)
        for size, wanted in zip(images.shape[2:], (height, width), strict=True)
    )
    return images[:, :, rows][:, :, :, columns]


def blend_tiles(
    function: Callable[[Tensor], Tensor], images: Tensor, tile: tuple[int, int], overlap: int = 0
) -> Tensor:
    """Apply a function to overlapping tiles of images, and blend the results.

    Args:
        function: Maps images, (B, C, h, w), to images whose height and width are the same multiple of h and w.
        images: With shape (B, C, H, W).
        tile: Height and width of a tile; that of the images at most is used.
        overlap: Pixels that neighbouring tiles share at least; they fade into each other there.

    Returns:
        The blended results: those of the function itself if one tile covers the images.
    """
    sizes = [min(size, length) for size, length in zip(tile, images.shape[2:], strict=True)]
    if sizes == list(images.shape[2:]):
        return function(images)
    blended: Tensor | None = None
    (rows, row_weights), (columns, column_weights) = (
        tile_weights(length, size, overlap) for length, size in zip(images.shape[2:], sizes, strict=True)
    )
    for top, row_weight in zip(rows, row_weights, strict=True):
        for left, column_weight in zip(columns, column_weights, strict=True):
            part = function(images[:, :, top : top + sizes[0], left : left + sizes[1]])
            scale = part.shape[2] // sizes[0]
            if blended is None:
                blended = part.new_zeros(*part.shape[:2], *(scale * length for length in images.shape[2:]))
            weight = (row_weight[:, None] * column_weight).to(part)
            weight = weight.repeat_interleave(scale, 0).repeat_interleave(scale, 1)
            area = blended[:, :, scale * top :, scale * left :][:, :, : part.shape[2], : part.shape[3]]
            area += weight * part
    assert blended is not None
    return blended


def tile_weights(length: int, size: int, overlap: int) -> tuple[list[int], Tensor]:
    """Place tiles evenly along an axis, and return their starts and the weights of their pixels.

    Args:
        length: Pixels of the axis.
        size: Pixels of a tile, at most ``length``.
        overlap: Pixels that neighbours share at least, fewer than ``size``.

    Returns:
        The starts of N tiles, and weights, float64 with shape (N, size): they rise and fall as the square of a sine
        over the overlap, and those of all tiles at a pixel sum to 1.
    """
    number = 1 + -(-(length - size) // (size - overlap))
    starts = [round(index * (length - size) / max(1, number - 1)) for index in range(number)]
    edge = torch.arange(size, dtype=torch.float64) + 0.5
    edge = torch.minimum(edge, size - edge) / max(1, overlap)
    weights = (edge.clamp(max=1) * torch.pi / 2).sin().square().expand(number, size).clone()
    total = torch.zeros(length, dtype=torch.float64)
    for start, weight in zip(starts, weights, strict=True):
        total[start : start + size] += weight
    for start, weight in zip(starts, weights, strict=True):
        weight /= total[start : start + size]
    return starts, weights
