"""MiFID against torchmetrics, and the penalty on copies."""

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close
from torchmetrics.image.mifid import MemorizationInformedFrechetInceptionDistance

from gan.errors import UserError
from gan.metrics.frechet import frechet_distance
from gan.metrics.memorization import MiFID, memorization_distance
from gan.metrics.statistics import Statistics


def features(count: int, size: int = 4, seed: int = 0) -> Tensor:
    return torch.randn(count, size, generator=torch.Generator().manual_seed(seed)).relu()


@pytest.mark.parametrize("size", [3, 8, 16], ids=["far below the threshold", "below it", "above it"])
@pytest.mark.parametrize("counts", [(300, 200), (200, 300)])
def test_against_torchmetrics(size: int, counts: tuple[int, int]) -> None:
    """The average in torchmetrics is over real images, so the sets are swapped. Some feature vectors are zero."""
    real, fake = features(counts[0], size), features(counts[1], size, seed=1)
    metric = MemorizationInformedFrechetInceptionDistance(nn.Identity())
    metric.update(fake.double(), real=True)
    metric.update(real.double(), real=False)
    score = MiFID()(Statistics.of(real), Statistics.of(fake))
    assert score == {"mifd": pytest.approx(float(metric.compute()), rel=1e-6)}


@pytest.mark.parametrize("chunk", [1, 7, 512])
def test_each_generated_image_against_its_nearest_real_one(chunk: int) -> None:
    """Cosines 1, -1 (also a copy) and that of 45°. Vectors of length zero are dropped."""
    real = torch.tensor([[2.0, 0.0], [0.0, 3.0], [0.0, 0.0]])
    fake = torch.tensor([[1.0, 0.0], [0.0, -1.0], [1.0, 1.0], [0.0, 0.0]])
    expected = (1 - 0.5**0.5) / 3
    assert memorization_distance(real, fake, chunk) == pytest.approx(expected, rel=1e-12)
    assert memorization_distance(real, fake[2:], chunk) == pytest.approx(3 * expected, rel=1e-12)
    assert memorization_distance(fake, real, chunk) == pytest.approx(0, abs=1e-15), "it is not symmetric"


def test_copies_are_penalized() -> None:
    real, fresh = features(500, 16), Statistics.of(features(200, 16, seed=1))
    copies = Statistics.of(real[:200])
    assert frechet_distance(Statistics.of(real), copies) < frechet_distance(Statistics.of(real), fresh)
    assert MiFID()(Statistics.of(real), copies)["mifd"] > 1e6 * MiFID()(Statistics.of(real), fresh)["mifd"]


def test_threshold() -> None:
    real, fake = Statistics.of(features(100)), Statistics.of(features(100, seed=1))
    plain = torch.tensor(frechet_distance(real, fake), dtype=torch.float64)
    assert_close(torch.tensor(MiFID(threshold=1e-9)(real, fake)["mifd"], dtype=torch.float64), plain)
    assert MiFID(threshold=1.0)(real, fake)["mifd"] > plain


def test_wrong_settings() -> None:
    with pytest.raises(UserError, match="are zero"):
        MiFID()(Statistics.of(features(5)), Statistics.of(torch.zeros(5, 4)))
