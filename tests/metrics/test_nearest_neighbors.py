"""Nearest neighbours against the full matrix of distances."""

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from gan.data.mnist5k import MNIST5k
from gan.metrics.nearest_neighbors import (
    flatten_pixels,
    nearest_neighbors,
    nearest_training_images,
    squared_distances,
)

DATA = MNIST5k(image_size=28, channels=1, num_classes=10)
CPU = torch.device("cpu")


def points(count: int, size: int = 5, seed: int = 0) -> Tensor:
    return torch.randn(count, size, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("chunk", [1, 7, 40, 512])
@pytest.mark.parametrize("k", [1, 3, 30])
def test_neighbours_of_vectors(chunk: int, k: int) -> None:
    queries, others = points(40), points(30, seed=1)
    dense = (queries.double()[:, None] - others.double()).norm(dim=2)
    distances, indices = nearest_neighbors(queries, others, k, chunk=chunk)
    expected = dense.sort(dim=1)
    assert_close(distances, expected.values[:, :k])
    assert_close(indices, expected.indices[:, :k])


@pytest.mark.parametrize("chunk", [1, 7, 512])
def test_a_point_is_not_its_own_neighbour_but_its_copies_are(chunk: int) -> None:
    distinct = points(20)
    distances, indices = nearest_neighbors(distinct, distinct, 2, leave_out_self=True, chunk=chunk)
    assert (distances > 0).all()
    assert (indices != torch.arange(20)[:, None]).all()
    doubled = torch.cat([distinct, distinct])
    distances, indices = nearest_neighbors(doubled, doubled, 1, leave_out_self=True, chunk=chunk)
    assert_close(distances, torch.zeros(40, 1, dtype=torch.float64), rtol=0, atol=0)
    assert_close(indices[:, 0], torch.arange(40).roll(20))


def test_small_distances_far_from_the_origin_are_exact() -> None:
    """Inner products in float32 would give 0 for each of them."""
    base = torch.full((1, 3), 1000.0)
    shifted = base + torch.tensor([[2.0**-10], [2.0**-8], [2.0**-9]])
    distances, indices = nearest_neighbors(base, shifted, 3)
    assert_close(indices, torch.tensor([[0, 2, 1]]))
    assert_close(distances, 3**0.5 * torch.tensor([[2.0**-10, 2.0**-9, 2.0**-8]], dtype=torch.float64))


def test_distances_come_in_chunks() -> None:
    sizes = [block.shape for block in squared_distances(points(10), points(6, seed=1), chunk=4)]
    assert sizes == [(4, 6), (4, 6), (2, 6)]


@pytest.mark.parametrize(("k", "leave_out_self"), [(0, False), (6, False), (5, True)])
def test_too_few_points(k: int, leave_out_self: bool) -> None:
    with pytest.raises(ValueError, match="k must be between"):
        nearest_neighbors(points(5), points(5), k, leave_out_self)


def test_copies_of_training_images_have_distance_zero() -> None:
    images = DATA.split("train").__getitems__([7, 3000, 3999]).real
    distances, neighbors = nearest_training_images(images, DATA, flatten_pixels, 3, CPU)
    assert torch.equal(neighbors[:, 0], images)
    assert_close(distances[:, 0], torch.zeros(3, dtype=torch.float64))
    assert (distances[:, 1] > 0).all()


def test_nearest_of_all_training_images() -> None:
    images = DATA.split("test").__getitems__([0, 500]).real
    distances, neighbors = nearest_training_images(images, DATA, flatten_pixels, 4, CPU)
    train = DATA.split("train").__getitems__(list(range(4000))).real
    exact = torch.cdist(images.flatten(1).double(), train.flatten(1).double())
    expected, indices = exact.topk(4, largest=False)
    assert_close(distances, expected)
    assert torch.equal(neighbors, train[indices])


def test_only_the_candidates_are_searched() -> None:
    images, candidates = DATA.split("train").__getitems__([6, 7]).real, range(0, 4000, 3)
    distances, neighbors = nearest_training_images(images, DATA, flatten_pixels, 2, CPU, candidates)
    assert torch.equal(neighbors[0, 0], images[0]), "6 is a candidate"
    assert distances[0, 0] == 0
    assert distances[1, 0] > 0, "7 is not"
    searched = DATA.split("train").__getitems__(list(candidates)).real
    exact, indices = torch.cdist(flatten_pixels(images).double(), flatten_pixels(searched).double()).topk(
        2, largest=False
    )
    assert_close(distances, exact)
    assert torch.equal(neighbors, searched[indices])
