"""Precision, recall, density and coverage against their definitions on the full distance matrix."""

import numpy as np
import pytest
import torch
from torch import Tensor

from gan.errors import UserError
from gan.metrics.prdc import PRDC
from gan.metrics.statistics import Statistics


def features(count: int, shift: float = 0.0, seed: int = 0, size: int = 4) -> Tensor:
    return torch.randn(count, size, generator=torch.Generator().manual_seed(seed)) + shift


def prdc_by_definition(real: Tensor, fake: Tensor, k: int) -> dict[str, float]:
    def distances(a: Tensor, b: Tensor) -> np.ndarray:
        return np.sqrt(((a.double().numpy()[:, None] - b.double().numpy()[None]) ** 2).sum(-1))

    def radii(points: Tensor) -> np.ndarray:
        among = distances(points, points)
        return np.array([np.sort(np.delete(row, i))[k - 1] for i, row in enumerate(among)])

    cross, real_radii, fake_radii = distances(real, fake), radii(real), radii(fake)
    in_closed_real, in_closed_fake = cross <= real_radii[:, None], cross <= fake_radii[None]
    return {
        "precision": np.mean([in_closed_real[:, j].any() for j in range(len(fake))]),
        "recall": np.mean([in_closed_fake[i].any() for i in range(len(real))]),
        "density": (cross < real_radii[:, None]).sum() / (k * len(fake)),
        "coverage": np.mean([cross[i].min() < real_radii[i] for i in range(len(real))]),
    }


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("shift", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("counts", [(150, 150), (600, 90), (90, 1100)])
def test_against_the_definitions(k: int, shift: float, counts: tuple[int, int]) -> None:
    """More than 512 generated images fill more than one chunk."""
    real, fake = features(counts[0]), features(counts[1], shift, seed=1)
    scores = PRDC(k)(Statistics.of(real), Statistics.of(fake))
    assert scores == pytest.approx(prdc_by_definition(real, fake, k), rel=1e-12)
    assert list(scores) == ["precision", "recall", "density", "coverage"]


@pytest.mark.parametrize("offset", [0.0, 100.0])
@pytest.mark.parametrize("k", [1, 5])
def test_identical_sets(k: int, offset: float) -> None:
    """Each open ball contains its centre and k - 1 others; the k-th is on the boundary, and so outside."""
    same = features(700) + offset
    scores = PRDC(k)(Statistics.of(same), Statistics.of(same.flip(0)))
    assert scores == {"precision": 1, "recall": 1, "density": 1, "coverage": 1}


@pytest.mark.parametrize("shift", [50.0, 1e4])
def test_distant_sets(shift: float) -> None:
    scores = PRDC()(Statistics.of(features(100)), Statistics.of(features(100, shift)))
    assert scores == {"precision": 0, "recall": 0, "density": 0, "coverage": 0}


@pytest.mark.parametrize("copies", [1, 40])
def test_points_on_a_grid(copies: int) -> None:
    """Many ties, and balls of radius zero around points with many copies."""
    line = torch.arange(60).float()
    real = torch.stack([line % 6, line // 6], 1).repeat(copies, 1)[:400]
    fake = torch.stack([line % 5, line % 3], 1)
    scores = PRDC(4)(Statistics.of(real), Statistics.of(fake))
    assert scores == pytest.approx(prdc_by_definition(real, fake, 4), rel=1e-12)


def test_points_on_a_boundary() -> None:
    """Real balls of radius 1 around 0, 1, 2 and 3; one generated point on the last boundary, its copy far away."""
    real, fake = torch.arange(4.0)[:, None], torch.tensor([[4.0], [8.0]])
    scores = PRDC(1)(Statistics.of(real), Statistics.of(fake))
    assert scores == {"precision": 1 / 2, "recall": 4 / 4, "density": 0, "coverage": 0}


def test_a_collapsed_generator() -> None:
    """Precision is 1, recall only of the copied image, and coverage close to 0."""
    real = features(300)
    scores = PRDC()(Statistics.of(real), Statistics.of(real[:1].repeat(300, 1)))
    assert scores["precision"] == 1
    assert scores["recall"] == 1 / 300
    assert scores["coverage"] < 0.1


def test_wrong_settings() -> None:
    with pytest.raises(UserError, match="nearest_k=5 needs more than 5 real and 5 generated images, not 6 and 5"):
        PRDC()(Statistics.of(features(6)), Statistics.of(features(5)))
