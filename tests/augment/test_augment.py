"""Every augmentation in conf/augment: shapes, float32, one row of random numbers per image, derivatives."""

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from gan.augment.base import Augment
from gan.errors import UserError
from gan.instantiate import build
from gan.keyed_random import KeyedRandom
from tests.test_conf import choices, composed

EVERYTHING = ["augment.changes.filtering.gain=1", "augment.changes.corruption={noise: 0.1, cutout: 0.5}"]
ALWAYS = {"ada": ["augment.start=1"], "ada, everything": ["augment.start=1", *EVERYTHING]}
CHOICES = sorted({choice for choice in choices("augment") if choice != "none"} | ALWAYS.keys())


def augment(choice: str) -> Augment:
    augment = build(composed(f"augment={choice.split(',')[0]}", *ALWAYS.get(choice, [])).augment)
    assert isinstance(augment, Augment)
    return augment


def images(number: int = 6, shape: tuple[int, int, int] = (3, 9, 8)) -> Tensor:
    return torch.rand(number, *shape, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32), (3, 9, 8), (2, 2, 2)], ids=str)
@pytest.mark.parametrize("choice", CHOICES)
def test_images_change_and_keep_their_shape(choice: str, shape: tuple[int, int, int]) -> None:
    before = images(shape=shape)
    with torch.autocast("cpu", torch.bfloat16):
        after = augment(choice)(before.bfloat16(), KeyedRandom(0, total=6))
    assert after.dtype == torch.float32
    assert after.shape == before.shape
    assert after.isfinite().all()
    assert all(not torch.equal(a, b) for a, b in zip(after, before, strict=True))


@pytest.mark.parametrize("choice", CHOICES)
def test_parts_of_a_batch_are_changed_as_in_the_whole(choice: str) -> None:
    augmented, before = augment(choice), images()
    whole = augmented(before, KeyedRandom(0, total=6))
    parts = zip(before.tensor_split(4), KeyedRandom(0, total=6).parts(4), strict=True)
    assert_close(torch.cat([augmented(part, rng) for part, rng in parts]), whole)
    assert not torch.equal(augmented(before, KeyedRandom(1, total=6)), whole)


@pytest.mark.parametrize("choice", CHOICES)
def test_first_and_second_derivatives(choice: str) -> None:
    augmented = augment(choice)

    def squares(x: Tensor) -> Tensor:
        return augmented.change(x, KeyedRandom(0, total=2)).square()

    x = images(2, (3, 5, 4)).double().requires_grad_()
    assert torch.autograd.gradcheck(squares, x, fast_mode=True)
    assert torch.autograd.gradgradcheck(squares, x, fast_mode=True)


@pytest.mark.parametrize("choice", CHOICES)
def test_2d_points_are_rejected(choice: str) -> None:
    with pytest.raises(UserError, match="augment=none"):
        build(composed(f"augment={choice.split(',')[0]}", "data=ring8", "model=mlp_gan").model)
