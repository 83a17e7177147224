"""Gaussian mixtures: positions of points, and their representation as images."""

from typing import Any

import pytest
import torch
from torch.testing import assert_close

from gan.data.gaussians import GaussianMixture, Grid, Ring

SHAPE = {"image_size": 1, "channels": 2}
MIXTURES = [Grid(scale=4.0, num_classes=25, **SHAPE), Ring(num_classes=8, **SHAPE)]


@pytest.mark.parametrize("data", MIXTURES, ids=["grid", "ring"])
def test_points_follow_the_mixture(data: GaussianMixture) -> None:
    batch = data.split("train").__getitems__(list(range(100_000)))
    points = data.points(batch.real)
    for mode, center in enumerate(data.centers):
        points_of_mode = points[batch.labels == mode]
        assert len(points_of_mode) == pytest.approx(100_000 / data.num_classes, rel=0.1)
        assert_close(points_of_mode.mean(0), center, atol=0.1 * data.std, rtol=0)
        assert_close(points_of_mode.std(0), torch.full((2,), data.std), atol=0, rtol=0.1)


def test_centers() -> None:
    grid, ring = MIXTURES
    assert sorted(map(tuple, grid.centers.tolist())) == [(x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)]
    assert_close(ring.centers.norm(dim=1), torch.ones(8))
    assert_close(ring.centers[2], torch.tensor([0.0, 1.0]))


@pytest.mark.parametrize("data", MIXTURES, ids=["grid", "ring"])
def test_points_are_not_rescaled(data: GaussianMixture) -> None:
    images = data.split("train").__getitems__([3, 1, 4]).real
    assert images.shape == (3, 2, 1, 1)
    batch = data.on_after_batch_transfer(data.split("train").__getitems__([3, 1, 4]), 0)
    assert torch.equal(batch.real, images)
    assert torch.equal(data.discretize(images), images)


@pytest.mark.parametrize("data", MIXTURES, ids=["grid", "ring"])
def test_splits_and_noise(data: GaussianMixture) -> None:
    assert (len(data.split("train")), len(data.split("test"))) == (100_000, 2_500)
    held_out = data.split("test").__getitems__(list(range(2_500))).real
    train = data.split("train").__getitems__(list(range(2_500))).real
    assert not torch.equal(held_out, train)
    noise = data.points(data.noise(1000, torch.Generator().manual_seed(0)))
    assert noise.abs().max() <= data.centers.abs().max()
    assert noise.abs().max() > 0.9 * data.centers.abs().max()


def test_picture_depends_on_the_points() -> None:
    data = MIXTURES[0]
    picture = data.picture(torch.zeros(200, 2, 1, 1))
    assert picture.dtype == torch.uint8
    assert picture.shape[0] == 3
    assert not torch.equal(picture, data.picture(torch.ones(200, 2, 1, 1)))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"channels": 3}, "channels=2"),
        ({"num_classes": 8}, "25 modes"),
    ],
)
def test_bad_settings(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Grid(**({"num_classes": 25} | SHAPE | settings))
