"""Random numbers that depend on nothing but their key and row."""

import pytest
import torch
from torch.testing import assert_close

from gan.draws import Draws, Stream, derive_seed


def test_the_key_alone_decides() -> None:
    assert torch.equal(Draws(1, 2, total=5).normal(3), Draws(1, 2, total=5).normal(3))
    others = [Draws(1, 3, total=5), Draws(2, 2, total=5), Draws(1, 2, 0, total=5)]
    assert not any(torch.equal(Draws(1, 2, total=5).normal(3), other.normal(3)) for other in others)
    assert len({derive_seed(0, step, stream) for step in range(1000) for stream in Stream}) == 1000 * len(Stream)


@pytest.mark.parametrize("world", [1, 2, 4])
@pytest.mark.parametrize("parts", [1, 3])
def test_ranks_and_parts_share_out_one_batch(world: int, parts: int) -> None:
    whole = Draws(7, total=12)
    normal, uniform = whole.normal(2), whole.uniform(1, 1)
    for rank in range(world):
        rows = slice(rank * 12 // world, (rank + 1) * 12 // world)
        drawn = [(part.normal(2), part.uniform(1, 1)) for part in Draws(7, total=12, rows=rows).parts(parts)]
        assert_close(torch.cat([z for z, _ in drawn]), normal[rows])
        assert_close(torch.cat([u for _, u in drawn]), uniform[rows])


def test_parts_are_those_of_tensor_split() -> None:
    sizes = [len(part) for part in Draws(0, total=10).parts(4)]
    assert sizes == [len(part) for part in torch.arange(10).tensor_split(4)]


@pytest.mark.parametrize("world", [1, 2])
@pytest.mark.parametrize("parts", [1, 2])
def test_packed_draws_have_a_row_a_pack(world: int, parts: int) -> None:
    whole = Draws(7, total=24)
    assert whole.packed(1) is whole
    numbers = whole.packed(3).normal(2)
    assert numbers.shape == (8, 2)
    assert not torch.equal(numbers, Draws(7, total=8).normal(2)), "they share nothing with the images' own"
    for rank in range(world):
        mine = Draws(7, total=24, rows=slice(rank * 24 // world, (rank + 1) * 24 // world)).parts(parts)
        packs = slice(rank * 8 // world, (rank + 1) * 8 // world)
        assert_close(torch.cat([part.packed(3).normal(2) for part in mine]), numbers[packs])
