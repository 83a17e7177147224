"""The order of images: each once an epoch, from a seed, from any place, on any number of ranks."""

from itertools import islice

import pytest

from gan.data.order import ShuffledBatches


@pytest.mark.parametrize(("length", "batch_size"), [(10, 5), (10, 3), (10, 10), (7, 4)])
def test_each_image_comes_once_an_epoch(length: int, batch_size: int) -> None:
    batches = islice(ShuffledBatches(length, batch_size, seed=0), 3 * length)
    order = [place for batch in batches for place in batch]
    for epoch in range(3):
        assert sorted(order[epoch * length : (epoch + 1) * length]) == list(range(length))
    assert order[:length] != order[length : 2 * length]


def test_the_seed_decides() -> None:
    first, again, other = (next(iter(ShuffledBatches(100, 32, seed))) for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize("batches", [1, 5, 23])
def test_it_starts_anywhere(batches: int) -> None:
    whole = list(islice(ShuffledBatches(10, 3, seed=0), batches + 4))
    assert list(islice(ShuffledBatches(10, 3, seed=0, start=3 * batches), 4)) == whole[batches:]


@pytest.mark.parametrize("world", [2, 4])
def test_ranks_share_out_each_batch(world: int) -> None:
    whole = list(islice(ShuffledBatches(20, 8, seed=0), 6))
    ranks = [list(islice(ShuffledBatches(20, 8, seed=0, rank=rank, world=world), 6)) for rank in range(world)]
    for step, batch in enumerate(whole):
        assert batch == [place for shares in ranks for place in shares[step]]
        assert {len(shares[step]) for shares in ranks} == {8 // world}


def test_uneven_ranks_are_refused() -> None:
    with pytest.raises(ValueError, match="evenly"):
        ShuffledBatches(20, 9, seed=0, world=2)
