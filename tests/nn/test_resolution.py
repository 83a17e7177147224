"""Sizes that fit, and what is said of those that do not."""

import pytest

from gan.nn.resolution import BASES, levels


@pytest.mark.parametrize("size", [28, 32, 40, 48, 56, 64, 80, 96, 112, 128])
def test_sizes_that_fit(size: int) -> None:
    base, doublings = levels(size)
    assert base * 2**doublings == size
    assert base in BASES


@pytest.mark.parametrize(("size", "near"), [(30, "28 and 32"), (100, "96 and 112"), (512, "112 and 128")])
def test_sizes_that_do_not_fit_name_those_that_do(size: int, near: str) -> None:
    with pytest.raises(ValueError, match=near):
        levels(size)


def test_points_are_sent_to_perceptrons() -> None:
    with pytest.raises(ValueError, match=r"image size 1 does not fit.*model=mlp_gan"):
        levels(1)
