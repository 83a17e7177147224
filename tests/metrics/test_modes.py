"""Mode coverage where it can be counted by hand."""

from math import cos, log, sin

import pytest
import torch
from torch import Tensor

from gan.data.gaussians import GaussianMixture, Grid, Ring
from gan.data.mnist5k import MNIST5k
from gan.data.stacked_mnist import StackedMNIST
from gan.errors import UserError
from gan.features.mixture import Mixture
from gan.features.stacked import StackedClassifier
from gan.metrics.modes import Modes
from gan.metrics.statistics import Statistics

SHAPE = {"image_size": 1, "channels": 2}
GRID = Grid(scale=4.0, num_classes=25, **SHAPE)
RING = Ring(num_classes=8, **SHAPE)


def statistics(data: GaussianMixture, points: Tensor, labels: Tensor | None = None) -> Statistics:
    mixture = Mixture(data)
    vectors, logits = mixture((points / data.scale)[:, :, None, None])
    return Statistics.of(vectors, logits, labels)


def score(data: GaussianMixture, points: Tensor) -> dict[str, float]:
    real = statistics(data, data.centers.repeat(100, 1), torch.arange(data.num_classes).repeat(100))
    return Modes(deviations=3.0)(real, statistics(data, points))


@pytest.mark.parametrize("data", [GRID, RING])
def test_all_modes_equally_often(data: GaussianMixture) -> None:
    scores = score(data, data.centers.repeat(4, 1))
    assert scores == pytest.approx({"modes": data.num_classes, "high_quality": 1.0, "reverse_kl": 0.0}, abs=1e-12)


@pytest.mark.parametrize("kept", [1, 2, 5])
def test_reverse_kl_of_equally_frequent_modes(kept: int) -> None:
    """For k of K modes, equally often, it is log(K / k)."""
    scores = score(RING, RING.centers[:kept].repeat(10, 1))
    assert scores["modes"] == kept
    assert scores["reverse_kl"] == pytest.approx(log(8 / kept))


def test_reverse_kl_of_unequal_modes() -> None:
    points = torch.cat([RING.centers[:1].expand(3, 2), RING.centers[1:2]])
    expected = 0.75 * log(0.75 * 8) + 0.25 * log(0.25 * 8)
    assert score(RING, points)["reverse_kl"] == pytest.approx(expected)


@pytest.mark.parametrize(("distance", "good"), [(2.99, True), (3.01, False)])
@pytest.mark.parametrize("angle", [0.0, 1.0, 4.0])
def test_high_quality_ends_at_three_deviations(distance: float, good: bool, angle: float) -> None:
    offset = distance * GRID.std * torch.tensor([cos(angle), sin(angle)])
    scores = score(GRID, GRID.centers[7:8] + offset)
    assert (scores["modes"], scores["high_quality"]) == (float(good), float(good))
    assert scores["reverse_kl"] == pytest.approx(log(25)), "it belongs to its mode, of high quality or not"


def test_scores_of_real_points() -> None:
    """A 2-D isotropic Gaussian has probability 1 - exp(-9/2) within three standard deviations."""
    held_out = GRID.points(GRID.split("train").__getitems__(list(range(50_000))).real)
    scores = score(GRID, held_out)
    assert scores["modes"] == 25
    assert scores["high_quality"] == pytest.approx(1 - torch.tensor(-4.5).exp().item(), abs=0.002)
    assert scores["reverse_kl"] < 0.001


def test_mixture_rejects_images() -> None:
    with pytest.raises(UserError, match="data=grid25"):
        Mixture(MNIST5k(image_size=28, channels=1, num_classes=10))


def test_stacked_digits_are_classified_channel_by_channel() -> None:
    digits = MNIST5k(image_size=28, channels=1, num_classes=10)
    data = StackedMNIST(digits, image_size=28, channels=3, num_classes=1000)
    classifier = StackedClassifier(data)
    batch = data.split("test").__getitems__(list(range(400)))
    vectors, logits = classifier(batch.real)
    assert vectors.shape == (400, classifier.num_features)
    assert logits is not None
    assert logits.shape == (400, 1000)
    torch.testing.assert_close(logits.exp().sum(1), torch.ones(400))
    assert (logits.argmax(1) == batch.labels).float().mean() > 0.88, "three digits at 97 % each"
    correct = Statistics.of(vectors, logits, logits.argmax(1))
    scores = Modes()(correct, correct)
    assert set(scores) == {"modes", "reverse_kl"}
    assert scores["reverse_kl"] == pytest.approx(0, abs=1e-12)
    with pytest.raises(UserError, match="data=stacked_mnist"):
        StackedClassifier(digits)
