"""DiffAugment: each change against its definition."""

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from gan.augment.cutout import cutout
from gan.augment.diffaug import DiffAugment, translate
from gan.keyed_random import KeyedRandom

OFF = {"brightness": 0.0, "saturation": 0.0, "contrast": 0.0, "translation": 0.0, "cutout": 0.0}
ROWS = 400


def only(images: Tensor, **settings: float) -> Tensor:
    return DiffAugment(8, **{**OFF, **settings})(images, KeyedRandom(0, total=len(images)))


@pytest.fixture
def images() -> Tensor:
    return torch.rand(ROWS, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_without_changes_it_is_the_identity(images: Tensor) -> None:
    assert torch.equal(only(images), images)


def test_brightness_shifts_the_mean(images: Tensor) -> None:
    differences = (only(images, brightness=0.5) - images).flatten(1)
    assert_close(differences, differences[:, :1].expand_as(differences), atol=1e-6, rtol=0)
    assert differences[:, 0].abs().max() <= 0.5
    assert differences[:, 0].var().item() == pytest.approx(1 / 12, rel=0.15), "uniform over an interval of length one"


def test_contrast_scales_deviations_from_the_mean_of_the_image(images: Tensor) -> None:
    after = only(images, contrast=0.5)
    assert_close(after.mean((1, 2, 3)), images.mean((1, 2, 3)), atol=1e-6, rtol=0)
    factors = after.flatten(1).std(1) / images.flatten(1).std(1)
    assert 0.5 <= factors.min() < 0.55
    assert 1.45 < factors.max() <= 1.5


def test_saturation_scales_deviations_from_the_mean_of_the_channels(images: Tensor) -> None:
    after = only(images, saturation=1.0)
    assert_close(after.mean(1), images.mean(1), atol=1e-6, rtol=0)
    factors = after.std(1) / images.std(1)
    assert_close(factors, factors[:, :1, :1].expand_as(factors), atol=1e-3, rtol=1e-3)
    assert factors[:, 0, 0].min() < 0.1
    assert 1.9 < factors[:, 0, 0].max() <= 2.0
    assert_close(only(images[:, :1], saturation=1.0), images[:, :1])


def test_zeros_are_shifted_in(images: Tensor) -> None:
    shifted = translate(images[:2], torch.tensor([[2, -3], [0, 1]]))
    assert torch.equal(shifted[0, :, 2:, :5], images[0, :, :6, 3:])
    assert not shifted[0, :, :2].any()
    assert not shifted[0, :, :, 5:].any()
    assert torch.equal(shifted[1, :, :, 1:], images[1, :, :, :-1])


def test_all_translations_up_to_the_largest_occur() -> None:
    dot = torch.zeros(1, 1, 8, 8).index_fill(2, torch.tensor(4), 1.0)
    dot = (dot * dot.transpose(2, 3)).expand(ROWS, -1, -1, -1)
    indices = only(dot, translation=0.25).nonzero()[:, 2:].tolist()
    assert len(indices) == ROWS
    assert {tuple(index) for index in indices} == {(y, x) for y in range(2, 7) for x in range(2, 7)}


def test_a_cutout_is_a_square_that_may_extend_beyond_the_image() -> None:
    holes = 1 - cutout(torch.ones(3, 1, 8, 8), torch.tensor([[1, 2], [-2, 6], [3, 0]]), torch.tensor([4, 4]))
    assert holes.sum((1, 2, 3)).tolist() == [16, 4, 16]
    assert holes[0, 0, 1:5, 2:6].all()
    assert holes[1, 0, :2, 6:].all()
    holes = 1 - only(torch.ones(ROWS, 1, 8, 8), cutout=0.5)
    assert holes.sum((1, 2, 3)).max() == 16
    assert holes.sum((1, 2, 3)).min() == 4, "a quarter, if its centre is a corner of the image"
    assert holes.amax(0).all()


@pytest.mark.parametrize("size", [5, 8, 9, 20, 28, 36, 52])
def test_halves_of_pixels_are_rounded_up(size: int) -> None:
    """The authors' code has int(size * fraction + 0.5): 3 pixels of 20 at 0.125, a hole of 5 pixels of 9 at 0.5."""
    ramp = torch.arange(1.0, size + 1).expand(ROWS, 1, size, -1)
    shifted = DiffAugment(size, **{**OFF, "translation": 0.125})(ramp, KeyedRandom(0, total=ROWS))
    assert (shifted[:, 0, size // 2] == 0).sum(1).max() == int(size * 0.125 + 0.5)
    holes = 1 - DiffAugment(size, **{**OFF, "cutout": 0.5})(torch.ones_like(ramp), KeyedRandom(0, total=ROWS))
    assert holes.amax(2).sum(2).max() == int(size * 0.5 + 0.5)
