"""Images of any size: reflection, and tiles whose weights sum to one and that leave no seams."""

from itertools import count, pairwise

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from gan.nn.tiles import blend_tiles, pad_by_reflection, tile_weights


@pytest.mark.parametrize(("size", "wanted"), [((5, 7), (5, 7)), ((5, 7), (8, 8)), ((2, 3), (9, 16)), ((1, 1), (4, 4))])
def test_padding_reflects_as_often_as_it_takes(size: tuple[int, int], wanted: tuple[int, int]) -> None:
    images = torch.randn(2, 3, *size)
    pads = [(0, 0), (0, 0), *((0, after - before) for before, after in zip(size, wanted, strict=True))]
    assert_close(pad_by_reflection(images, *wanted), torch.from_numpy(np.pad(images.numpy(), pads, mode="reflect")))


@pytest.mark.parametrize(
    ("length", "size", "overlap"), [(100, 32, 8), (33, 32, 16), (64, 32, 0), (70, 32, 0), (9, 4, 2)]
)
def test_weights_of_tiles_sum_to_one_at_each_pixel(length: int, size: int, overlap: int) -> None:
    starts, weights = tile_weights(length, size, overlap)
    total = torch.zeros(length, dtype=torch.float64)
    for start, weight in zip(starts, weights, strict=True):
        total[start : start + size] += weight
    assert_close(total, torch.ones_like(total))
    assert (weights > 0).all()
    assert (starts[0], starts[-1]) == (0, length - size)
    assert all(after - before <= size - overlap for before, after in pairwise(starts))


@pytest.mark.parametrize("tile", [(8, 8), (8, 64), (24, 20)])
@pytest.mark.parametrize("scale", [1, 2])
def test_tiles_of_a_pointwise_function_equal_the_whole(tile: tuple[int, int], scale: int) -> None:
    images, larger = torch.randn(2, 3, 24, 41), nn.Upsample(scale_factor=scale)

    def function(x: Tensor) -> Tensor:
        return larger(x[:, :2]).tanh()

    assert_close(blend_tiles(function, images, tile, 4), function(images))


def test_tiles_that_differ_in_brightness_leave_no_seam() -> None:
    """As the tiles of a network with instance norm do: the steps are at most the slope of the weights."""
    brightness, overlap = count(), 16
    images = blend_tiles(
        lambda x: torch.full_like(x, next(brightness) % 2), torch.zeros(1, 1, 32, 200), (32, 32), overlap
    )
    assert images.max() - images.min() > 0.99
    assert images.diff(dim=3).abs().max() < torch.pi / 2 / overlap
