"""Interpolation: end points, speed, and distance from the origin."""

import pytest
import torch
from torch.testing import assert_close

from gan.models.interpolation import PATHS, interpolate_keyframes, lerp, slerp

torch.manual_seed(0)
START, END = torch.randn(2, 5, 64)


@pytest.mark.parametrize("path", PATHS)
def test_paths_start_and_end_at_their_end_points(path: str) -> None:
    assert_close(PATHS[path](START, END, 0.0), START)
    assert_close(PATHS[path](START, END, 1.0), END)


def test_spherical_interpolation_in_closed_form() -> None:
    x, y = torch.eye(2)[:, None]
    assert_close(slerp(x, y, 1 / 3), torch.tensor([[3**0.5 / 2, 0.5]]))
    assert_close(slerp(2 * x, 2 * y, 0.5), torch.full((1, 2), 2**0.5))


def test_angular_speed_and_radius_are_constant() -> None:
    start, end = (z / z.norm(dim=1, keepdim=True) for z in (START, END))
    path = torch.stack(interpolate_keyframes([start, end], 8, slerp))
    assert_close(path.norm(dim=2), torch.ones(9, 5))
    angles = (path[1:] * path[:-1]).sum(2).acos()
    assert_close(angles, angles[:1].expand(8, 5), atol=1e-4, rtol=0)


@pytest.mark.parametrize("factor", [1.0, 2.0, -1.0])
def test_parallel_and_opposite_points_are_interpolated_linearly(factor: float) -> None:
    assert_close(slerp(START, factor * START, 0.25), lerp(START, factor * START, 0.25))


def test_keyframes_are_included() -> None:
    keyframes = [torch.full((1, 1), float(value)) for value in (0, 4, 2)]
    assert [point.item() for point in interpolate_keyframes(keyframes, 2, lerp)] == [0, 2, 4, 3, 2]
