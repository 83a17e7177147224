"""The variance of an image's Laplacian, which blur takes away (Pech-Pacheco et al., 2000)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from gan.errors import UserError

__all__ = ["laplacian_variance"]

LEAST = 3  # pixels across


def laplacian_variance(images: Tensor) -> Tensor:
    """Return each image's variance of the 4-neighbour Laplacian, over the pixels that have all neighbours.

    Args:
        images: As a data set holds them, with shape (B, C, H, W).

    Returns:
        The mean of the channels' own variances, in squared shades, float32, with shape (B,).

    Raises:
        UserError: If images are too small to have an inside.
    """
    if min(images.shape[-2:]) < LEAST:
        raise UserError(f"metric=sharpness needs images of {LEAST} pixels or more, which points are not")
    kernel = torch.tensor([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]], device=images.device)
    edges = F.conv2d(images.float().flatten(0, 1)[:, None], kernel[None, None])
    return edges.flatten(1).var(1, correction=0).unflatten(0, images.shape[:2]).mean(1)
