"""Cutout: a rectangle of each image is set to zero (DeVries and Taylor, 2017)."""

import torch
from torch import Tensor

__all__ = ["cutout"]


def cutout(images: Tensor, corner: Tensor, side: Tensor) -> Tensor:
    """Set the pixels whose centre lies in a rectangle to zero; the rectangle may extend beyond the image.

    Args:
        images: With shape (B, C, H, W).
        corner: Row and column of the rectangle's upper left corner, in pixels, with shape (B, 2).
        side: Height and width of the rectangle, in pixels, with shape (B, 2) or (2,).
    """
    inside = []
    for axis in (0, 1):
        centers = torch.arange(images.shape[axis + 2], device=images.device) + 0.5
        distance = centers - corner[:, axis, None]
        inside.append((distance > 0) & (distance < side[..., axis, None]))
    rectangle = inside[0][:, None, :, None] & inside[1][:, None, None, :]
    return images * (~rectangle).to(images.dtype)
