"""Sharpness of generated images relative to real ones: the variance of the Laplacian (Pech-Pacheco et al., 2000)."""

from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from gan.errors import UserError
from gan.metrics.measure import Measure
from gan.metrics.statistics import Need, PixelStatistic, Statistics

__all__ = ["Sharpness", "laplacian_variance"]

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


LAPLACIAN_VARIANCE = PixelStatistic("laplacian_variance", laplacian_variance)


class Sharpness(Measure):
    """Mean Laplacian variance of generated images, divided by that of real images: 1 for real images, 0 for flat ones.

    It is computed from pixels, so that one evaluation can report it beside a score on features. It should be close to
    1: noise has a far higher value than real images.
    """

    higher_is_better: ClassVar[dict[str, bool]] = {
        "sharpness": True,
        "laplacian_variance": True,
        "laplacian_variance_real": True,
    }
    needs: ClassVar[frozenset[Need]] = frozenset({LAPLACIAN_VARIANCE})
    needs_of_real: ClassVar[frozenset[Need]] = needs
    named_after_features: ClassVar[bool] = False

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        real_mean, fake_mean = (float(x.tensors[LAPLACIAN_VARIANCE.name].double().mean()) for x in (real, fake))
        if not real_mean > 0:
            raise UserError("metric=sharpness: the real images are flat, and have no sharpness to compare with")
        return {
            "sharpness": fake_mean / real_mean,
            "laplacian_variance": fake_mean,
            "laplacian_variance_real": real_mean,
        }
