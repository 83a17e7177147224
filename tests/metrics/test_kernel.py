"""Kernel distance against explicit sums."""

import warnings

import pytest
import torch
from torch import Tensor

from gan.errors import UserError
from gan.metrics.kernel import Kernel
from gan.metrics.statistics import Statistics


def features(count: int, shift: float = 0.0, seed: int = 0) -> Tensor:
    return torch.randn(count, 3, generator=torch.Generator().manual_seed(seed)) + shift


def explicit_mmd(x: Tensor, y: Tensor) -> float:
    """Return the unbiased MMD² with the kernel (x·y / 3 + 1)³, pair by pair."""

    def kernel(a: Tensor, b: Tensor) -> float:
        return float((a @ b / 3 + 1) ** 3)

    n, m = len(x), len(y)
    within = sum(kernel(x[i], x[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    within += sum(kernel(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    return within - 2 * sum(kernel(a, b) for a in x for b in y) / (n * m)


@pytest.mark.parametrize("shift", [0.0, 0.5, 3.0])
def test_all_images_in_each_subset(shift: float) -> None:
    """With 12 images per set, every subset holds all of them."""
    real, fake = features(12), features(12, shift, seed=1)
    scores = Kernel(subsets=3)(Statistics.of(real), Statistics.of(fake))
    assert scores["kd"] == pytest.approx(explicit_mmd(real.double(), fake.double()), rel=1e-9)
    assert scores["kd_std"] == pytest.approx(0, abs=1e-9)


def test_unbiased() -> None:
    scores = Kernel(subset_size=50)(Statistics.of(features(2000)), Statistics.of(features(2000, seed=1)))
    assert abs(scores["kd"]) < 3 * scores["kd_std"] / 100**0.5 + 0.02
    assert list(scores) == ["kd", "kd_std"]


def test_the_smaller_set_limits_the_subsets() -> None:
    scores = Kernel()(Statistics.of(features(30)), Statistics.of(features(8, 1.0, seed=1)))
    assert scores["kd"] > 0
    assert scores["kd_std"] > 0


def test_repeated_scores_are_equal() -> None:
    real, fake = Statistics.of(features(200)), Statistics.of(features(200, seed=1))
    measure = Kernel(subset_size=20)
    torch.manual_seed(1)
    first = measure(real, fake)
    following = torch.rand(1)
    assert measure(real, fake) == first
    torch.manual_seed(1)
    assert torch.rand(1) == following, "the global random numbers are unchanged"


def test_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Kernel(subsets=1)(Statistics.of(features(5)), Statistics.of(features(5)))


def test_wrong_settings() -> None:
    with pytest.raises(UserError, match="not 5 and 1"):
        Kernel()(Statistics.of(features(5)), Statistics.of(features(1)))
