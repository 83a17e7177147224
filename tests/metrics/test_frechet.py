"""Fréchet distance against its closed form, eigenvalues from scipy, and singular values."""

import warnings
from collections.abc import Callable

import numpy as np
import pytest
import scipy.linalg
import torch
from torch import Tensor

from gan.errors import UserError
from gan.metrics.frechet import frechet_distance
from gan.metrics.statistics import Statistics


def features(count: int, size: int, dead: int = 0, gain: float = 1.0, seed: int = 0) -> Tensor:
    """Return correlated features after a ReLU, the first ``dead`` of which are zero."""
    mix = torch.randn(size, size, generator=torch.Generator().manual_seed(9)) / size**0.5
    values = gain * torch.randn(count, size, generator=torch.Generator().manual_seed(seed)) @ mix
    values = (values + 0.3).relu()
    values[:, :dead] = 0
    return values


def root_trace_from_eigenvalues(x: np.ndarray, y: np.ndarray) -> float:
    """Return tr((C_x C_y)^(1/2)) from eigenvalues: scipy's root of a singular matrix is NaN on some machines."""
    roots = np.sqrt(scipy.linalg.eigvals(np.cov(x, rowvar=False) @ np.cov(y, rowvar=False)).astype(complex))
    return roots.sum().real


def root_trace_from_singular_values(x: np.ndarray, y: np.ndarray) -> float:
    """Return the trace as the sum of the singular values of XY', which needs neither a root nor full rank."""
    x, y = ((z - z.mean(0)) / (len(z) - 1) ** 0.5 for z in (x, y))
    return np.linalg.svd(x @ y.T, compute_uv=False).sum()


@pytest.mark.parametrize("root_trace", [root_trace_from_eigenvalues, root_trace_from_singular_values])
@pytest.mark.parametrize(
    ("count", "size", "dead"),
    [(500, 32, 0), (500, 64, 20), (40, 64, 0), (40, 64, 20), (2, 8, 0)],
    ids=["full", "dead features", "few images", "both", "two images"],
)
def test_against_other_matrix_roots(
    count: int, size: int, dead: int, root_trace: Callable[[np.ndarray, np.ndarray], float]
) -> None:
    real, fake = features(count, size, dead), features(count, size, dead, gain=1.5, seed=1)
    x, y = real.double().numpy(), fake.double().numpy()
    expected = ((x.mean(0) - y.mean(0)) ** 2).sum() + x.var(0, ddof=1).sum() + y.var(0, ddof=1).sum()
    expected -= 2 * root_trace(x, y)
    assert frechet_distance(Statistics.of(real), Statistics.of(fake)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("count", "size", "dead"), [(2000, 32, 0), (2000, 64, 20), (40, 64, 20), (2, 8, 0)])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_identical_sets(count: int, size: int, dead: int, scale: float) -> None:
    same = Statistics.of(scale * features(count, size, dead))
    assert 0 <= frechet_distance(same, same) <= 1e-6 * float(torch.cov(same.vectors.double().T).trace())


def test_closed_form() -> None:
    """Independent features m ± s: |m - m'|² + Σ (s - s')²."""
    signs = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    unbiased = (4 / 3) ** 0.5
    real = signs * torch.tensor([1.0, 2.0])
    fake = signs * torch.tensor([3.0, 0.5]) + torch.tensor([1.0, -2.0])
    value = frechet_distance(Statistics.of(real), Statistics.of(fake))
    assert value == pytest.approx(5 + unbiased**2 * (2**2 + 1.5**2), rel=1e-12), "computed in float64"


def test_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frechet_distance(Statistics.of(features(9, 3)), Statistics.of(features(9, 3)))


def test_statistics_are_not_modified() -> None:
    real, fake = Statistics.of(features(9, 3)), Statistics.of(features(9, 3, seed=1))
    first = frechet_distance(real, fake)
    assert frechet_distance(real, fake) == first
    assert torch.equal(real.total, Statistics.of(features(9, 3)).total)


def test_too_few_images() -> None:
    with pytest.raises(UserError, match="not 9 and 1"):
        frechet_distance(Statistics.of(features(9, 3)), Statistics.of(features(1, 3)))
