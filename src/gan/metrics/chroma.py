"""Chroma of generated images in CIELAB: distance of its histogram to that of real images, and L1 to each target."""

from typing import Any, ClassVar

import torch
from torch import Tensor

from gan.data.cielab import rgb_to_lab
from gan.errors import UserError
from gan.images import from_uint8
from gan.metrics.measure import Measure
from gan.metrics.paired import PairedMean
from gan.metrics.statistics import Need, PixelStatistic, Statistics

__all__ = ["ChromaHistogram", "ChromaL1", "chroma_histogram"]

LIMIT, BIN = 110, 10  # a* and b* of sRGB lie within the limit, of which Zhang et al. (2016) take bins of 10
BINS = 2 * LIMIT // BIN


def chroma_histogram(images: Tensor) -> Tensor:
    """Return each image's histogram of a* and b*, in bins of 10 x 10.

    Args:
        images: Colour images as the data module returns them, with shape (B, 3, H, W).

    Returns:
        Number of pixels in each bin, float32 with shape (B, 22, 22).

    Raises:
        UserError: If the images are not in colour.
    """
    a, b = ((_chroma(images) + LIMIT) / BIN).long().clamp(0, BINS - 1).flatten(2).unbind(1)
    image = torch.arange(len(images), device=images.device)[:, None]
    counts = torch.bincount(((image * BINS + a) * BINS + b).flatten(), minlength=len(images) * BINS**2)
    return counts.float().view(len(images), BINS, BINS)


def _chroma(images: Tensor) -> Tensor:
    """Return a* and b*, with shape (B, 2, H, W)."""
    if images.shape[1] != 3:
        raise UserError(f"metric=chroma_histogram and chroma_l1 need colour images, not {images.shape[1]} channels")
    return rgb_to_lab(from_uint8(images))[:, 1:] * LIMIT


CHROMA_HISTOGRAM = PixelStatistic("chroma_histogram", chroma_histogram, summed=True)


class ChromaHistogram(Measure):
    """Distance between the histograms of a* and b* over all pixels of generated and of real images.

    It is the total variation distance: the share of pixels whose colour would have to change, from 0 to 1.
    """

    higher_is_better: ClassVar[dict[str, bool]] = {"chroma_histogram": False}
    needs: ClassVar[frozenset[Need]] = frozenset({CHROMA_HISTOGRAM})
    needs_of_real: ClassVar[frozenset[Need]] = needs
    named_after_features: ClassVar[bool] = False

    @property
    def settings(self) -> dict[str, Any]:
        """Settings for the protocol."""
        return {"bin": BIN}

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        shares = [counts / counts.sum() for counts in (x.tensors[CHROMA_HISTOGRAM.name] for x in (real, fake))]
        return {"chroma_histogram": float((shares[0] - shares[1]).abs().sum() / 2)}


class ChromaL1(PairedMean):
    """Mean absolute difference in a* and b* of each image to its target, in units of CIELAB."""

    higher_is_better: ClassVar[dict[str, bool]] = {"chroma_l1": False}

    def __init__(self) -> None:
        super().__init__()

    @property
    def settings(self) -> dict[str, Any]:
        """Settings for the protocol."""
        return {"units": "CIELAB"}

    def compare(self, images: Tensor, targets: Tensor) -> Tensor:
        a, b = (_chroma(x.to(torch.uint8)) for x in (images, targets))
        return (a - b).abs().mean((1, 2, 3))
