"""Progressive growing: levels by images seen, and real images at a level."""

import pytest
import torch
from torch.testing import assert_close

from gan.nn.growing import Growing, enlarge, growth_level, images_at_level, shrink


@pytest.mark.parametrize(
    ("images", "level"),
    [(0, 0.0), (99, 0.0), (100, 0.0), (110, 0.25), (140, 1.0), (239, 1.0), (260, 1.5), (280, 2.0), (10_000, 2.0)],
)
def test_a_level_is_constant_and_then_rises(images: int, level: float) -> None:
    assert growth_level(images, stable_images=100, fade_images=40, last=2) == pytest.approx(level)


def test_phases_may_be_empty() -> None:
    assert growth_level(0, 0, 0, last=3) == 3
    assert [growth_level(n, 0, 10, last=3) for n in (0, 5, 10, 25)] == [0, 0.5, 1, 2.5]
    assert [growth_level(n, 10, 0, last=3) for n in (0, 9, 10, 19, 20)] == [0, 0, 1, 1, 2]


def test_images_at_a_level_consist_of_blocks_of_pixels() -> None:
    images = torch.rand(2, 3, 16, 16)
    sizes = [4, 8, 16]
    for level, size in enumerate(sizes):
        coarse = images_at_level(images, float(level), sizes)
        assert coarse.shape == images.shape
        assert_close(shrink(coarse, size), shrink(images, size))
        assert_close(enlarge(shrink(coarse, size), 16), coarse)
    assert images_at_level(images, 2.0, sizes) is images
    blended = 0.75 * images_at_level(images, 0.0, sizes) + 0.25 * images_at_level(images, 1.0, sizes)
    assert_close(images_at_level(images, 0.25, sizes), blended)


@pytest.mark.parametrize(
    ("size", "start", "sizes"),
    [(32, None, [4, 8, 16, 32]), (28, None, [7, 14, 28]), (32, 8, [8, 16, 32]), (32, 32, [32])],
)
def test_sizes_double_from_the_start_size(size: int, start: int | None, sizes: list[int]) -> None:
    network = Growing(size, start)
    assert network.sizes == sizes
    assert network.level == len(sizes) - 1


def test_a_start_size_that_does_not_fit_is_rejected() -> None:
    with pytest.raises(ValueError, match="start_size must be one of 7, 14, 28"):
        Growing(28, 4)


def test_the_level_is_saved_with_the_weights() -> None:
    network, twin = Growing(32), Growing(32)
    network.level = 1 / 3
    twin.load_state_dict(network.state_dict())
    assert twin.level == network.level
