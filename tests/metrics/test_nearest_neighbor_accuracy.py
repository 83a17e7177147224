"""Nearest-neighbour accuracy against its definition on all images, and where it is known."""

import numpy as np
import pytest
import torch
from torch import Tensor

from gan.errors import UserError
from gan.metrics.nearest_neighbor_accuracy import NearestNeighborAccuracy
from gan.metrics.statistics import Statistics


def features(count: int, shift: float = 0.0, seed: int = 0, size: int = 4) -> Tensor:
    return torch.randn(count, size, generator=torch.Generator().manual_seed(seed)) + shift


def scores(real: Tensor, fake: Tensor, limit: int | None = None) -> list[float]:
    """Return the accuracy, that of real and that of generated images."""
    named = NearestNeighborAccuracy(limit)(Statistics.of(real), Statistics.of(fake))
    assert named["nn_deviation"] == pytest.approx(abs(named["nn_accuracy"] - 0.5))
    assert list(named) == list(NearestNeighborAccuracy.higher_is_better)
    return [named[f"nn_accuracy{end}"] for end in ("", "_real", "_fake")]


@pytest.mark.parametrize("count", [2, 90, 700])
@pytest.mark.parametrize("shift", [0.0, 0.5, 2.0])
def test_against_the_definition(count: int, shift: float) -> None:
    """Leave one out of all images, and find its nearest neighbour among the others."""
    real, fake = features(count), features(count, shift, seed=1)
    points = torch.cat([real, fake]).double().numpy()
    distances = np.sqrt(((points[:, None] - points[None]) ** 2).sum(-1))
    np.fill_diagonal(distances, np.inf)
    correct = (distances.argmin(1) < count) == (np.arange(2 * count) < count)
    assert scores(real, fake) == [correct.mean(), correct[:count].mean(), correct[count:].mean()]


def test_equal_distributions_score_a_half() -> None:
    values = [scores(features(300, seed=seed), features(300, seed=seed + 50))[0] for seed in range(20)]
    assert np.mean(values) == pytest.approx(0.5, abs=0.01)


def test_distant_sets_score_one() -> None:
    assert scores(features(50), features(50, 100.0)) == [1, 1, 1]


def test_copies_score_zero() -> None:
    real = features(300)
    assert scores(real, real.flip(0)) == [0, 0, 0]


def test_collapse_is_seen_on_the_generated_side() -> None:
    """Copies of one image are each other's neighbours; hardly any real image is nearest to them."""
    real = features(100)
    _, of_real, of_fake = scores(real, real[:1].repeat(100, 1) + 1e-4)
    assert of_fake == 1
    assert 0.9 < of_real < 1


def test_ties_count_half() -> None:
    """Two copies of a real image have a neighbour of each set at distance 0, and the other real image at distance 9."""
    assert scores(torch.tensor([[0.0], [9.0]]), torch.zeros(2, 1)) == [0.375, 0.25, 0.5]


def test_as_many_of_each_set_evenly_spaced() -> None:
    real, fake = features(400), features(100, seed=1)
    assert scores(real, fake) == scores(real[::4], fake)
    assert scores(real, fake, limit=50) == scores(real[::8], fake[::2])


def test_too_few_images() -> None:
    with pytest.raises(UserError, match="at least 2 real and 2 generated images, not 5 and 1"):
        scores(features(5), features(1))
