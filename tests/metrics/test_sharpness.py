"""Sharpness: closed forms of the Laplacian variance, blur, and the ratio to real images."""

import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from gan.data.gaussians import Ring
from gan.errors import UserError
from gan.features.mixture import Mixture
from gan.metrics.sharpness import LAPLACIAN_VARIANCE, Sharpness, laplacian_variance
from gan.metrics.statistics import Statistics, gather
from gan.types import Samples

LABELS = torch.zeros(8, dtype=torch.long)
POINTS = Mixture(Ring(image_size=1, channels=2, num_classes=8))


def noise(channels: int = 1) -> torch.Tensor:
    return torch.randint(256, (8, channels, 12, 12), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def statistics(images: torch.Tensor) -> Statistics:
    """Gather the statistics with an extractor that cannot take these images, and is not called."""
    batches = [Samples(part, LABELS[: len(part)]) for part in images.split(3)]
    return gather(POINTS, batches, Sharpness().needs, torch.device("cpu"))


def test_a_ramp_has_zero_variance_and_a_checkerboard_the_largest() -> None:
    rows, columns = torch.meshgrid(torch.arange(10), torch.arange(10), indexing="ij")
    ramp, board = (3 * rows + 5 * columns), 255 * ((rows + columns) % 2)
    variances = laplacian_variance(torch.stack([ramp, board])[:, None].to(torch.uint8))
    assert_close(variances, torch.tensor([0.0, (4 * 255.0) ** 2]))


def test_channels_are_averaged() -> None:
    images = noise(3)
    expected = torch.stack([laplacian_variance(images[:, [channel]]) for channel in range(3)]).mean(0)
    assert_close(laplacian_variance(images), expected)


def test_real_images_score_one_and_blurred_ones_less() -> None:
    sharp = noise()
    blurred = F.avg_pool2d(sharp.float(), 3, stride=1, padding=1).round().to(torch.uint8)
    real, fake = statistics(sharp), statistics(blurred)
    assert_close(fake.tensors[LAPLACIAN_VARIANCE.name], laplacian_variance(blurred))
    assert Sharpness()(real, real)["sharpness"] == 1
    scores = Sharpness()(real, fake)
    assert scores["sharpness"] < 0.2
    assert scores["laplacian_variance"] == pytest.approx(float(laplacian_variance(blurred).mean()))
    assert scores["laplacian_variance_real"] == pytest.approx(float(laplacian_variance(sharp).mean()))


def test_points_and_flat_images_are_rejected() -> None:
    with pytest.raises(UserError, match="3 pixels or more"):
        statistics(torch.zeros(8, 2, 1, 1))
    flat = statistics(torch.zeros(8, 1, 12, 12, dtype=torch.uint8))
    with pytest.raises(UserError, match="no sharpness"):
        Sharpness()(flat, flat)
