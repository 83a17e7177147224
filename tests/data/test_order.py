"""Order of training images: once per epoch, seeded, resumable, and shared by ranks."""

from itertools import islice

import pytest

from gan.data.order import ShuffledBatches


@pytest.mark.parametrize(("length", "batch_size"), [(10, 5), (10, 3), (10, 10), (7, 4)])
def test_each_image_occurs_once_per_epoch(length: int, batch_size: int) -> None:
    batches = islice(ShuffledBatches(length, batch_size, seed=0), 3 * length)
    order = [index for batch in batches for index in batch]
    for epoch in range(3):
        assert sorted(order[epoch * length : (epoch + 1) * length]) == list(range(length))
    assert order[:length] != order[length : 2 * length]


def test_the_order_depends_on_the_seed() -> None:
    first, again, other = (next(iter(ShuffledBatches(100, 32, seed))) for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize("batches", [1, 5, 23])
def test_it_resumes_anywhere(batches: int) -> None:
    whole = list(islice(ShuffledBatches(10, 3, seed=0), batches + 4))
    assert list(islice(ShuffledBatches(10, 3, seed=0, start=3 * batches), 4)) == whole[batches:]


@pytest.mark.parametrize("world", [2, 4])
def test_ranks_split_each_batch(world: int) -> None:
    whole = list(islice(ShuffledBatches(20, 8, seed=0), 6))
    ranks = [list(islice(ShuffledBatches(20, 8, seed=0, rank=rank, world=world), 6)) for rank in range(world)]
    for step, batch in enumerate(whole):
        assert batch == [index for batches in ranks for index in batches[step]]
        assert {len(batches[step]) for batches in ranks} == {8 // world}


def test_indivisible_batches_are_refused() -> None:
    with pytest.raises(ValueError, match="evenly"):
        ShuffledBatches(20, 9, seed=0, world=2)
