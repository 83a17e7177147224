"""PSNR, SSIM and L1: closed forms, an independent SSIM, and options; images that are gathered beside their targets."""

import math

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor
from torch.testing import assert_close

from gan.data.gaussians import Ring
from gan.errors import UserError
from gan.features.mixture import Mixture
from gan.metrics.paired import L1, PSNR, SSIM, PairedMean, luminance
from gan.metrics.statistics import Statistics, gather
from gan.types import Samples

LABELS = torch.zeros(9, dtype=torch.long)
FEATURES = Mixture(Ring(image_size=1, channels=2, num_classes=8))
RANDOM = np.random.default_rng(0)


def images(channels: int = 3, height: int = 14, width: int = 18) -> Tensor:
    return torch.from_numpy(RANDOM.integers(20, 200, size=(9, channels, height, width), dtype=np.uint8))


def score(measure: PairedMean, fake: Tensor, real: Tensor | None, size: int = 4) -> float:
    """Gather batches with an extractor that cannot take these images, and is not called."""
    targets = [None] * 9 if real is None else real.split(size)
    batches = [Samples(x, LABELS[: len(x)], real=y) for x, y in zip(fake.split(size), targets, strict=False)]
    (value,) = measure(Statistics(0), gather(FEATURES, batches, measure.needs, torch.device("cpu"))).values()
    return value


def test_equal_images_and_a_constant_difference() -> None:
    real = images()
    assert [score(measure, real, real) for measure in (PSNR(), SSIM(), L1())] == pytest.approx([100, 1, 0])
    assert score(PSNR(), real + 17, real) == pytest.approx(20 * math.log10(255 / 17))
    assert score(PSNR(channels="y"), real + 17, real) == pytest.approx(20 * math.log10(255 / (17 * 219 / 255)))
    assert score(L1(), real + 17, real) == pytest.approx(2 * 17 / 255)
    black, white = torch.zeros_like(real), torch.full_like(real, 255)
    assert score(L1(), black, white) == 2
    assert score(PSNR(), black, white) == 0


def test_scores_are_means_over_images_in_batches_of_any_size() -> None:
    real, fake = images(), images()
    for measure in (PSNR(), SSIM(), L1()):
        each = [score(measure, fake[i : i + 1], real[i : i + 1]) for i in range(9)]
        assert score(measure, fake, real) == pytest.approx(np.mean(each), rel=1e-6)
        assert score(measure, fake, real, size=9) == pytest.approx(score(measure, fake, real, size=2), rel=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_ssim_equals_an_independent_implementation(channels: int) -> None:
    """Wang et al. (2004), Eq. 13, with the windows of scipy; ``mirror`` is torch's ``reflect``."""
    real = images(channels)
    fake = (real.float() * 0.7 + images(channels).float() * 0.3).round().to(torch.uint8)

    def blur(image: np.ndarray) -> np.ndarray:
        return gaussian_filter(image, 1.5, mode="mirror", truncate=3.5)

    values = []
    for x, y in zip(fake.double().numpy().reshape(-1, 14, 18), real.double().numpy().reshape(-1, 14, 18), strict=True):
        mean_x, mean_y = blur(x), blur(y)
        variance_x, variance_y = blur(x * x) - mean_x**2, blur(y * y) - mean_y**2
        covariance = blur(x * y) - mean_x * mean_y
        luminances = (2 * mean_x * mean_y + 2.55**2) / (mean_x**2 + mean_y**2 + 2.55**2)
        contrasts = (2 * covariance + 7.65**2) / (variance_x + variance_y + 7.65**2)
        values.append((luminances * contrasts).mean())
    assert score(SSIM(), fake, real) == pytest.approx(np.mean(values), rel=1e-4)


def test_a_border_is_left_out() -> None:
    real = images()
    fake = real.clone()
    fake[:, :, :2], fake[:, :, -2:], fake[..., :2], fake[..., -2:] = 0, 0, 0, 0
    assert score(L1(border=2), fake, real) == 0
    assert score(L1(border=1), fake, real) > 0
    with pytest.raises(UserError, match="border=7 leaves nothing of images of 14x18 pixels"):
        score(PSNR(border=7), fake, real)


def test_luminance_is_that_of_video() -> None:
    """Black is 16 and white 235; grey images are compared as they are."""
    colours = torch.tensor([[0, 0, 0], [255, 255, 255], [255, 0, 0]], dtype=torch.uint8)[:, :, None, None]
    assert_close(luminance(colours).flatten(), torch.tensor([16.0, 235.0, 16 + 65.481]))
    real, fake = images(1), images(1)
    assert score(PSNR("y"), fake, real) == score(PSNR(), fake, real)


def test_images_without_targets_are_refused() -> None:
    with pytest.raises(UserError, match="compares each image with its target"):
        score(L1(), images(), None)
