"""Consistency terms in closed form, of a linear critic and an augmentation that adds keyed noise."""

import torch
from torch import Tensor
from torch.testing import assert_close

from gan.augment.base import Augment
from gan.keyed_random import KeyedRandom
from gan.losses.consistency import BalancedConsistency, Consistency
from gan.types import DiscriminatorOutput, DiscriminatorPass
from tests.passes import make_pass

SIZE, SHAPE = 6, (1, 2, 2)


class Shift(Augment):
    """Addition of a number to all pixels of an image."""

    def change(self, images: Tensor, rng: KeyedRandom) -> Tensor:
        return images + rng.uniform(1, 1, 1)


def critic(images: Tensor) -> DiscriminatorOutput:
    return DiscriminatorOutput(3 * images.flatten(1).sum(1), images.flatten(1))


def a_pass(rows: slice | None = None) -> DiscriminatorPass:
    everything = KeyedRandom(1, total=SIZE)
    real, fake = (everything.normal(*SHAPE)[rows or slice(None)] for _ in range(2))
    return make_pass(critic, real, fake, critic(real), critic(fake), KeyedRandom(0, total=SIZE, rows=rows))


def shifts() -> tuple[Tensor, Tensor]:
    rng = KeyedRandom(0, total=SIZE)
    return rng.uniform(1, 1, 1).flatten(), rng.uniform(1, 1, 1).flatten()


def test_the_change_of_a_score_is_squared() -> None:
    """The score of an image that is shifted by s differs by 3 * 4 * s."""
    assert_close(Consistency(Shift(2), weight=2.0)(a_pass()), 2 * (12 * shifts()[0]).square().mean())


def test_balanced_consistency_adds_the_fakes() -> None:
    fake, real = ((12 * shift).square().mean() for shift in shifts())
    assert_close(BalancedConsistency(Shift(2), weight=2.0, fake_ratio=0.5)(a_pass()), 2 * (real + 0.5 * fake))


def test_the_terms_of_parts_add_up_to_that_of_the_batch() -> None:
    regularizer = BalancedConsistency(Shift(2))
    parts = [regularizer(a_pass(rows)) for rows in (slice(0, 3), slice(3, 6))]
    assert_close(torch.stack(parts).mean(), regularizer(a_pass()))
    assert not regularizer.couples_batch
