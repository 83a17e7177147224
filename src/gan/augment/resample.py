"""Affine resampling of images: bilinear, with reflection at the borders, and derivatives of all orders."""

import torch
from torch import Tensor

__all__ = ["affine_resample", "reflect"]


def affine_resample(images: Tensor, linear: Tensor, offset: Tensor) -> Tensor:
    """Sample images at ``linear @ position + offset`` for each pixel position of the result.

    The result is linear in the images. ``F.grid_sample`` does not serve: it has no second derivative before torch 2.12,
    and its normalised coordinates round, while the identity and shifts by whole pixels are exact here.

    Args:
        images: With shape (B, C, H, W).
        linear: With shape (B, 2, 2); positions are (x, y) in pixels from the image's centre, right and down.
        offset: In pixels, with shape (B, 2).

    Returns:
        With shape (B, C, H, W).
    """
    height, width = images.shape[2:]
    x = torch.arange(width, device=images.device) - (width - 1) / 2
    y = torch.arange(height, device=images.device)[:, None] - (height - 1) / 2
    # written out, since a matmul would round positions to TF32's ten bits on a GPU
    source_x, source_y = (
        linear[:, row, 0, None, None] * x + linear[:, row, 1, None, None] * y + offset[:, row, None, None]
        for row in (0, 1)
    )
    left, right, right_weight = _neighbours(source_x, width)
    upper, lower, lower_weight = _neighbours(source_y, height)

    flat, channels = images.flatten(2), images.shape[1]

    def pixels(row: Tensor, column: Tensor) -> Tensor:
        index = (row * width + column).flatten(1)[:, None].expand(-1, channels, -1)
        return flat.gather(2, index).view_as(images)

    right_weight, lower_weight = right_weight.to(images.dtype), lower_weight.to(images.dtype)
    above = torch.lerp(pixels(upper, left), pixels(upper, right), right_weight)
    below = torch.lerp(pixels(lower, left), pixels(lower, right), right_weight)
    return torch.lerp(above, below, lower_weight)


def reflect(position: Tensor, size: int) -> Tensor:
    """Reflect positions along an axis at the outermost of its pixels 0 to size - 1."""
    last = size - 1
    return last - (position.remainder(2 * last) - last).abs()


def _neighbours(position: Tensor, size: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the indices of the two pixels next to each position along an axis, and the weight of the second pixel.

    Positions are relative to the centre; those outside the image are reflected at the outermost pixels.
    """
    position = reflect(position + (size - 1) / 2, size)
    first = position.floor().clamp(max=size - 2)
    return first.long(), first.long() + 1, (position - first)[:, None]
