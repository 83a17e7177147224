"""Image sizes: those that fit, and messages for those that do not; channels."""

import pytest

from gan.nn.resolution import BASE_SIZES, base_and_doublings, channel_counts


@pytest.mark.parametrize("size", [28, 32, 40, 48, 56, 64, 80, 96, 112, 128])
def test_sizes_that_fit(size: int) -> None:
    base, doublings = base_and_doublings(size)
    assert base * 2**doublings == size
    assert base in BASE_SIZES


@pytest.mark.parametrize(("size", "near"), [(30, "28 and 32"), (100, "96 and 112"), (512, "112 and 128")])
def test_messages_name_the_nearest_sizes(size: int, near: str) -> None:
    with pytest.raises(ValueError, match=near):
        base_and_doublings(size)


@pytest.mark.parametrize(("size", "near"), [(16, "32 and 40"), (33, "32 and 40"), (300, "224 and 256")])
def test_the_first_of_two_stages_has_half_of_a_size_that_fits(size: int, near: str) -> None:
    """The message names sizes as the user gives them: those of whole images."""
    assert base_and_doublings(32, parts=2) == base_and_doublings(16)
    with pytest.raises(ValueError, match=f"image size {size} does not fit.*1/2 of that size.*{near}"):
        base_and_doublings(size, parts=2)


def test_the_message_for_2d_points_names_perceptrons() -> None:
    with pytest.raises(ValueError, match=r"image size 1 does not fit.*model=mlp_gan"):
        base_and_doublings(1)


@pytest.mark.parametrize(
    ("growth", "counts"), [(1, [3, 3, 3, 3, 3]), (2, [3, 6, 12, 24, 24]), (4, [3, 12, 24, 24, 24])]
)
def test_channels_grow_up_to_eight_times_the_width(growth: int, counts: list[int]) -> None:
    assert channel_counts(3, 5, growth) == counts
