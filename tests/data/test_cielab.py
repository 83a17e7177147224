"""CIELAB: published values, an independent implementation, and the way back."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from gan.data.cielab import lab_to_rgb, rgb_to_lab
from gan.images import from_uint8, to_uint8

PUBLISHED = {  # L*, a*, b* of sRGB with white D65 (B. Lindbloom, brucelindbloom.com)
    (255, 0, 0): (53.2408, 80.0925, 67.2032),
    (0, 255, 0): (87.7347, -86.1827, 83.1793),
    (0, 0, 255): (32.2970, 79.1875, -107.8602),
    (255, 255, 255): (100.0, 0.0, 0.0),
    (0, 0, 0): (0.0, 0.0, 0.0),
}


def convert(colors: Tensor) -> Tensor:
    """Return L*, a* and b* of colours, uint8 with shape (N, 3), in their own units."""
    lab = rgb_to_lab(from_uint8(colors).T[:, None])[:, 0].T
    return torch.stack([(lab[:, 0] + 1) * 50, lab[:, 1] * 110, lab[:, 2] * 110], 1)


def grid() -> Tensor:
    levels = torch.arange(0, 256, 15, dtype=torch.uint8)
    return torch.cartesian_prod(levels, levels, levels)


def test_published_values() -> None:
    assert_close(
        convert(torch.tensor(list(PUBLISHED), dtype=torch.uint8)),
        torch.tensor(list(PUBLISHED.values())),
        atol=2e-3,
        rtol=0,
    )


def test_formulae_of_scikit_image() -> None:
    """The constants are those of skimage.color, rounded differently from ours."""
    rgb = grid().numpy() / 255
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    matrix = [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
    xyz = linear @ np.array(matrix).T / [0.95047, 1.0, 1.08883]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116).T
    expected = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)
    assert_close(convert(grid()), torch.from_numpy(expected).float(), atol=0.03, rtol=0)


def test_the_way_back_is_exact_to_the_level_and_clipped() -> None:
    images = from_uint8(grid().T[:, None])
    lab = rgb_to_lab(images)
    assert lab.abs().max() <= 1
    assert torch.equal(to_uint8(lab_to_rgb(lab)), grid().T[:, None])
    outside = torch.tensor([-1.0, 1.0, 1.0]).view(3, 1, 1).requires_grad_()
    clipped = lab_to_rgb(outside)
    assert clipped.abs().max() <= 1
    clipped.sum().backward()
    assert outside.grad is not None
    assert outside.grad.isfinite().all()


@pytest.mark.parametrize("level", [0, 1, 10, 128, 255])
def test_greys_have_no_colour(level: int) -> None:
    assert convert(torch.full((1, 3), level, dtype=torch.uint8))[0, 1:].abs().max() < 1e-3
