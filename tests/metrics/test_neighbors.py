"""The nearest training images are the nearest, and copies are found out."""

import torch
from torch.testing import assert_close

from gan.data.mnist5k import MNIST5k
from gan.metrics.neighbors import closest, in_pixels

DATA = MNIST5k(image_size=28, channels=1, num_classes=10)
CPU = torch.device("cpu")


def test_copies_lie_at_zero_beside_themselves() -> None:
    images = DATA.split("train").__getitems__([7, 3000, 3999]).images
    distances, found = closest(images, DATA, in_pixels, 3, CPU)
    assert torch.equal(found[:, 0], images)
    assert_close(distances[:, 0], torch.zeros(3, dtype=torch.float64))
    assert (distances[:, 1] > 0).all()


def test_neighbours_against_all_distances_at_once() -> None:
    images = DATA.split("test").__getitems__([0, 500]).images
    distances, found = closest(images, DATA, in_pixels, 4, CPU)
    train = DATA.split("train").__getitems__(list(range(4000))).images
    exact = torch.cdist(images.flatten(1).double(), train.flatten(1).double())
    expected, indices = exact.topk(4, largest=False)
    assert_close(distances, expected)
    assert torch.equal(found, train[indices])


def test_only_some_places_are_searched() -> None:
    images, among = DATA.split("train").__getitems__([6, 7]).images, range(0, 4000, 3)
    distances, found = closest(images, DATA, in_pixels, 2, CPU, among)
    assert torch.equal(found[0, 0], images[0]), "6 is among them"
    assert distances[0, 0] == 0
    assert distances[1, 0] > 0, "7 is not"
    some = DATA.split("train").__getitems__(list(among)).images
    exact, indices = torch.cdist(in_pixels(images).double(), in_pixels(some).double()).topk(2, largest=False)
    assert_close(distances, exact)
    assert torch.equal(found, some[indices])
