"""Sharpness of generated images relative to real ones: by the Laplacian (Pech-Pacheco et al., 2000) or gradients."""

import torch
import torch.nn.functional as F
from torch import Tensor

from gan.errors import UserError
from gan.metrics.relative import RelativeMean
from gan.metrics.statistics import PixelStatistic

__all__ = ["GradientEnergy", "Sharpness", "gradient_energy", "laplacian_variance"]

MIN_IMAGE_SIZE = 3


def laplacian_variance(images: Tensor) -> Tensor:
    """Return each image's variance of the 4-neighbour Laplacian over its inner pixels, which blur reduces.

    Args:
        images: Images as the data module returns them, with shape (B, C, H, W).

    Returns:
        Mean over channels, in squared shades of 256, float32, with shape (B,).

    Raises:
        UserError: If the images have no inner pixels.
    """
    if min(images.shape[-2:]) < MIN_IMAGE_SIZE:
        raise UserError(f"metric=sharpness needs images of {MIN_IMAGE_SIZE} pixels or more, not points")
    kernel = torch.tensor([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]], device=images.device)
    edges = F.conv2d(images.float().flatten(0, 1)[:, None], kernel[None, None])
    return edges.flatten(1).var(1, correction=0).unflatten(0, images.shape[:2]).mean(1)


def gradient_energy(images: Tensor) -> Tensor:
    """Return each image's mean squared difference between neighbouring pixels, across and down.

    Args:
        images: Images as the data module returns them, with shape (B, C, H, W).

    Returns:
        Sum of the means over both directions, averaged over channels, in squared shades of 256, float32, with shape
        (B,).

    Raises:
        UserError: If the images have no neighbouring pixels.
    """
    if min(images.shape[-2:]) < 2:
        raise UserError("metric=gradient_energy needs images of 2 pixels or more, not points")
    shades = images.float()
    return sum((shades.diff(dim=side).square().mean((1, 2, 3)) for side in (2, 3)), shades.new_zeros(len(shades)))


LAPLACIAN_VARIANCE = PixelStatistic("laplacian_variance", laplacian_variance)
GRADIENT_ENERGY = PixelStatistic("gradient_energy", gradient_energy)


class Sharpness(RelativeMean):
    """Mean Laplacian variance of generated images, divided by that of real images: 1 for real images, 0 for flat ones.

    It is computed from pixels, so that one evaluation can report it beside a score on features. It should be close to
    1: noise has a far higher value than real images.
    """

    ratio = "sharpness"
    statistic = LAPLACIAN_VARIANCE


class GradientEnergy(RelativeMean):
    """Mean gradient energy of generated images, divided by that of real images: 1 for real images, 0 for flat ones.

    It weighs fine and coarse edges alike, where the Laplacian of ``Sharpness`` weighs the finest most.
    """

    ratio = "gradient_energy_ratio"
    statistic = GRADIENT_ENERGY
