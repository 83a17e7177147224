"""Nearest neighbours against all differences, written out."""

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from gan.metrics.nearest import nearest, squared_distances


def points(count: int, size: int = 5, seed: int = 0) -> Tensor:
    return torch.randn(count, size, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("chunk", [1, 7, 40, 512])
@pytest.mark.parametrize("k", [1, 3, 30])
def test_against_all_differences(chunk: int, k: int) -> None:
    queries, others = points(40), points(30, seed=1)
    dense = (queries.double()[:, None] - others.double()).norm(dim=2)
    distances, indices = nearest(queries, others, k, chunk=chunk)
    expected = dense.sort(dim=1)
    assert_close(distances, expected.values[:, :k])
    assert_close(indices, expected.indices[:, :k])


@pytest.mark.parametrize("chunk", [1, 7, 512])
def test_none_is_its_own_neighbour_but_copies_are(chunk: int) -> None:
    distinct = points(20)
    distances, indices = nearest(distinct, distinct, 2, leave_out_self=True, chunk=chunk)
    assert (distances > 0).all()
    assert (indices != torch.arange(20)[:, None]).all()
    twice = torch.cat([distinct, distinct])
    distances, indices = nearest(twice, twice, 1, leave_out_self=True, chunk=chunk)
    assert_close(distances, torch.zeros(40, 1, dtype=torch.float64), rtol=0, atol=0)
    assert_close(indices[:, 0], torch.arange(40).roll(20))


def test_small_distances_far_from_zero_are_exact() -> None:
    """float32's inner products would give 0 for each of them."""
    base = torch.full((1, 3), 1000.0)
    near = base + torch.tensor([[2.0**-10], [2.0**-8], [2.0**-9]])
    distances, indices = nearest(base, near, 3)
    assert_close(indices, torch.tensor([[0, 2, 1]]))
    assert_close(distances, 3**0.5 * torch.tensor([[2.0**-10, 2.0**-9, 2.0**-8]], dtype=torch.float64))


def test_no_more_than_a_chunk_at_a_time() -> None:
    sizes = [block.shape for block in squared_distances(points(10), points(6, seed=1), chunk=4)]
    assert sizes == [(4, 6), (4, 6), (2, 6)]


@pytest.mark.parametrize(("k", "leave_out_self"), [(0, False), (6, False), (5, True)])
def test_too_few_points(k: int, leave_out_self: bool) -> None:
    with pytest.raises(ValueError, match="k must be between"):
        nearest(points(5), points(5), k, leave_out_self)
