"""Measures of each generated image against its target: PSNR, SSIM and L1. They are averaged over images."""

from typing import Any, ClassVar, Literal

import torch
from torch import Tensor
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

from gan.bounds import NonNegativeInt
from gan.errors import UserError
from gan.metrics.measure import Measure
from gan.metrics.statistics import Need, PairStatistic, Statistics

__all__ = ["L1", "PSNR", "SSIM", "PairedMean", "luminance"]

PixelChannels = Literal["rgb", "y"]
"""Channels that are compared: all of the image, or luminance alone."""

EQUAL_DB = 100.0  # of an image that equals its target, whose PSNR is infinite


class PairedMean(Measure):
    """Mean over images of a number that compares each one with its target.

    A subclass defines ``compare``.

    Args:
        channels: ``rgb`` for all channels, averaged; ``y`` for the luminance of colour images, as in super-resolution.
        border: Pixels left out at each side, such as the factor of super-resolution.
    """

    needs_of_real: ClassVar[frozenset[Need]] = frozenset()
    named_after_features: ClassVar[bool] = False

    def __init__(self, channels: PixelChannels = "rgb", border: NonNegativeInt = 0) -> None:
        self.channels, self.border = channels, border

    def compare(self, images: Tensor, targets: Tensor) -> Tensor:
        """Compare images, float32 in [0, 255] with shape (B, C, H, W); return float32 with shape (B,)."""
        raise NotImplementedError

    @property
    def name(self) -> str:
        """Name of the score."""
        return next(iter(self.higher_is_better))

    @property
    def statistic(self) -> PairStatistic:
        """The number of each pair."""
        return PairStatistic(f"{self.name}_{self.channels}_{self.border}", self._compare)

    @property
    def needs(self) -> frozenset[Need]:
        """Statistics of the generated images that it uses."""
        return frozenset({self.statistic})

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        return {self.name: float(fake.tensors[self.statistic.name].double().mean())}

    def _compare(self, images: Tensor, targets: Tensor) -> Tensor:
        if min(images.shape[2:]) <= 2 * self.border:
            size = f"{images.shape[2]}x{images.shape[3]}"
            raise UserError(f"metric={self.name}: border={self.border} leaves nothing of images of {size} pixels")
        return self.compare(self._prepare(images), self._prepare(targets))

    def _prepare(self, images: Tensor) -> Tensor:
        """Convert to float32, select channels and crop."""
        prepared = luminance(images) if self.channels == "y" and images.shape[1] == 3 else images.float()
        end = -self.border or None
        return prepared[..., self.border : end, self.border : end]


class PSNR(PairedMean):
    """Peak signal-to-noise ratio in dB, for a range of 255; 100 for an image equal to its target.

    The squared error is averaged over an image, and the ratio over images.
    """

    higher_is_better: ClassVar[dict[str, bool]] = {"psnr": True}

    @property
    def settings(self) -> dict[str, Any]:
        """Settings for the protocol."""
        return {**super().settings, "data_range": 255}

    def compare(self, images: Tensor, targets: Tensor) -> Tensor:
        ratio = peak_signal_noise_ratio(images, targets, data_range=255.0, reduction="none", dim=(1, 2, 3))
        return ratio.clamp(max=EQUAL_DB)


class SSIM(PairedMean):
    """Structural similarity (Wang et al., 2004), as torchmetrics computes it: 1 for an image equal to its target.

    The window is Gaussian, of 11x11 pixels and standard deviation 1.5. Images are reflected at their sides, where
    Wang et al. leave out the windows that are not whole.
    """

    higher_is_better: ClassVar[dict[str, bool]] = {"ssim": True}

    @property
    def settings(self) -> dict[str, Any]:
        """Settings for the protocol."""
        return {**super().settings, "data_range": 255, "window": "11x11 Gaussian, sigma 1.5, reflected"}

    def compare(self, images: Tensor, targets: Tensor) -> Tensor:
        if min(images.shape[2:]) < 6:
            raise UserError("metric=ssim needs images of 6 pixels or more")
        similarity = structural_similarity_index_measure(images, targets, data_range=255.0, reduction="none")
        assert isinstance(similarity, Tensor)
        return similarity


class L1(PairedMean):
    """Mean absolute difference, for images in [-1, 1] as models generate them: 2 between black and white."""

    higher_is_better: ClassVar[dict[str, bool]] = {"l1": False}

    @property
    def settings(self) -> dict[str, Any]:
        """Settings for the protocol."""
        return {**super().settings, "data_range": 2}

    def compare(self, images: Tensor, targets: Tensor) -> Tensor:
        return (images - targets).abs().mean((1, 2, 3)) / 127.5


def luminance(images: Tensor) -> Tensor:
    """Return Y of YCbCr by ITU-R BT.601, from 16 to 235, as publications on super-resolution do.

    Args:
        images: Colour images in [0, 255], with shape (B, 3, H, W).

    Returns:
        Float32, with shape (B, 1, H, W).
    """
    weights = torch.tensor([65.481, 128.553, 24.966], device=images.device) / 255
    return 16 + (images.float() * weights[:, None, None]).sum(1, keepdim=True)
