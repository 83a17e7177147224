"""Keyed random numbers: determined by key and row, whatever the ranks, parts and packs."""

import pytest
import torch
from torch.testing import assert_close

from gan.keyed_random import KeyedRandom, Stream, derive_seed, temporary_seed, truncate_normal


def test_numbers_depend_on_the_key_alone() -> None:
    assert torch.equal(KeyedRandom(1, 2, total=5).normal(3), KeyedRandom(1, 2, total=5).normal(3))
    others = [KeyedRandom(1, 3, total=5), KeyedRandom(2, 2, total=5), KeyedRandom(1, 2, 0, total=5)]
    assert not any(torch.equal(KeyedRandom(1, 2, total=5).normal(3), other.normal(3)) for other in others)
    assert len({derive_seed(0, step, stream) for step in range(1000) for stream in Stream}) == 1000 * len(Stream)


@pytest.mark.parametrize("world", [1, 2, 4])
@pytest.mark.parametrize("parts", [1, 3])
def test_ranks_and_parts_get_the_rows_of_one_batch(world: int, parts: int) -> None:
    whole = KeyedRandom(7, total=12)
    normal, uniform = whole.normal(2), whole.uniform(1, 1)
    for rank in range(world):
        rows = slice(rank * 12 // world, (rank + 1) * 12 // world)
        drawn = [(part.normal(2), part.uniform(1, 1)) for part in KeyedRandom(7, total=12, rows=rows).parts(parts)]
        assert_close(torch.cat([z for z, _ in drawn]), normal[rows])
        assert_close(torch.cat([u for _, u in drawn]), uniform[rows])


def test_parts_have_the_sizes_of_tensor_split() -> None:
    sizes = [len(part) for part in KeyedRandom(0, total=10).parts(4)]
    assert sizes == [len(part) for part in torch.arange(10).tensor_split(4)]


@pytest.mark.parametrize("world", [1, 2])
@pytest.mark.parametrize("parts", [1, 2])
def test_packed_numbers_have_one_row_per_pack(world: int, parts: int) -> None:
    whole = KeyedRandom(7, total=24)
    assert whole.packed(1) is whole
    numbers = whole.packed(3).normal(2)
    assert numbers.shape == (8, 2)
    assert not torch.equal(numbers, KeyedRandom(7, total=8).normal(2)), "independent of the numbers of the images"
    for rank in range(world):
        mine = KeyedRandom(7, total=24, rows=slice(rank * 24 // world, (rank + 1) * 24 // world)).parts(parts)
        packs = slice(rank * 8 // world, (rank + 1) * 8 // world)
        assert_close(torch.cat([part.packed(3).normal(2) for part in mine]), numbers[packs])


@pytest.mark.parametrize("threshold", [0.1, 0.5, 1.0, 3.0])
def test_truncated_draws_follow_the_truncated_normal_distribution(threshold: float) -> None:
    """The quantile function is Φ⁻¹(Φ(-t) + q (Φ(t) - Φ(-t)))."""
    normal = torch.distributions.Normal(*torch.tensor([0.0, 1.0], dtype=torch.float64))
    q = torch.linspace(0.001, 0.999, 999, dtype=torch.float64)
    low, high = normal.cdf(torch.tensor([-threshold, threshold], dtype=torch.float64))
    z = truncate_normal(normal.icdf(q), threshold)
    assert_close(z, normal.icdf(low + q * (high - low)))
    assert (z.diff() > 0).all(), "the order is kept"
    assert_close(z, -z.flip(0))


@pytest.mark.parametrize("threshold", [0.1, 1.0, 3.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_truncated_draws_stay_within_the_threshold(threshold: float, dtype: torch.dtype) -> None:
    z = KeyedRandom(0, total=10_000).normal(5).to(dtype)
    z[0] = torch.tensor([-40.0, 40.0, 9.0, -9.0, 0.0])  # quantiles that round to 0 or 1
    cut = truncate_normal(z, threshold)
    assert (cut.dtype, cut.shape) == (dtype, z.shape)
    assert cut.isfinite().all()
    assert cut.abs().max() <= threshold
    assert cut.abs().max() > 0.999 * threshold
    assert (cut.abs() <= z.abs() + 1e-6).all(), "no draw moves away from the mean"
    expected = 1 - 2 * threshold * torch.tensor(-(threshold**2) / 2).exp() / (2 * torch.pi) ** 0.5 / torch.erf(
        torch.tensor(threshold / 2**0.5)
    )
    assert cut[1:].var().item() == pytest.approx(expected.item(), rel=0.02), "variance in closed form"


def test_truncated_draws_converge_and_change_smoothly_with_the_threshold() -> None:
    z = KeyedRandom(0, total=1000).normal(5)
    assert_close(truncate_normal(z, 8.0), z, rtol=0, atol=1e-5)
    steps = torch.stack([truncate_normal(z, threshold) for threshold in torch.linspace(0.5, 4.0, 36).tolist()])
    assert (steps.abs().diff(dim=0) >= -1e-6).all(), "magnitudes grow with the threshold"
    assert steps.diff(dim=0).abs().max() < 0.1 + 1e-6, "by at most the step of the threshold"


def test_a_temporary_seed_repeats_numbers_and_restores_the_generator() -> None:
    torch.manual_seed(7)
    expected = torch.rand(4)
    torch.manual_seed(7)
    with temporary_seed(0):
        first = torch.rand(3)
    middle = torch.rand(2)
    with temporary_seed(0):
        assert_close(torch.rand(3), first)
    assert_close(torch.cat([middle, torch.rand(2)]), expected)


def test_a_temporary_seed_leaves_gpus_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        pytest.fail("a GPU was seeded")

    monkeypatch.setattr(torch.cuda, "manual_seed_all", fail)
    with temporary_seed(0):
        torch.rand(1)
