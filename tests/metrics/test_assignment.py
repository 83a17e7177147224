"""The assignment problem against trying all there is."""

from itertools import permutations

import pytest
import torch

from gan.metrics.assignment import best_pairs


def best_by_trying(gains: torch.Tensor) -> float:
    if gains.shape[0] > gains.shape[1]:
        return best_by_trying(gains.T)
    rows, columns = gains.shape
    return max(sum(float(gains[i, j]) for i, j in enumerate(order)) for order in permutations(range(columns), rows))


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (4, 1), (3, 3), (5, 5), (3, 6), (6, 3)], ids=str)
@pytest.mark.parametrize("kind", ["counts", "reals", "ties"])
def test_no_other_pairs_are_better(shape: tuple[int, int], kind: str) -> None:
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        reals = torch.randn(*shape, generator=generator, dtype=torch.float64)
        gains = {"counts": (50 * reals).round().abs().long(), "reals": reals, "ties": (reals > 0).long()}[kind]
        pairs = best_pairs(gains)
        rows, columns = zip(*pairs, strict=True)
        assert list(rows) == sorted(set(rows)), "each row once, in order"
        assert len(set(columns)) == len(pairs) == min(shape)
        assert sum(float(gains[pair]) for pair in pairs) == pytest.approx(best_by_trying(gains))


def test_a_large_one_whose_answer_is_known() -> None:
    """A permutation hidden in noise that is below what any other pairs could win."""
    generator = torch.Generator().manual_seed(0)
    order = torch.randperm(60, generator=generator)
    gains = torch.rand(60, 60, generator=generator) + 2 * torch.eye(60)[order]
    assert best_pairs(gains) == list(enumerate(order.tolist()))
