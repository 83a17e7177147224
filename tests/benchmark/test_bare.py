"""The loops by hand play the games that this project plays: the same losses and penalties of the same logits."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from gan.benchmark.bare import Game
from gan.instantiate import build
from gan.keyed_random import KeyedRandom
from gan.types import DiscriminatorOutput, DiscriminatorPass
from tests.test_conf import composed


class Quadratic:
    """A critic whose gradient differs from image to image."""

    def __call__(self, x: Tensor) -> Tensor:
        return x.flatten(1).square().sum(1) / 2


@pytest.mark.parametrize("loss", ["non_saturating", "wgan_gp", "r3gan"])
def test_losses_are_the_objectives(loss: str, monkeypatch: Any) -> None:
    objective, game, critic = build(composed(f"loss={loss}").loss), Game(loss), Quadratic()
    generator = torch.Generator().manual_seed(0)
    real, fake = torch.randn(2, 8, 1, 3, 3, generator=generator)
    mix = KeyedRandom(0, total=8).uniform(1, 1, 1)
    monkeypatch.setattr(torch, "rand", lambda *_, **__: mix)

    def judge(x: Tensor) -> DiscriminatorOutput:
        return DiscriminatorOutput(critic(x), x.flatten(1))

    d_pass = DiscriminatorPass(judge, real, fake, judge(real), judge(fake), KeyedRandom(0, total=8))
    real, fake = (x.clone().requires_grad_(game.of_verdicts) for x in (real, fake))
    by_hand = game.discriminator(critic(real), critic(fake))
    if game.penalty is not None:
        by_hand = by_hand + game.penalty(critic, real, fake, critic(real), critic(fake))
    monkeypatch.undo()
    assert_close(by_hand, torch.stack(list(objective.discriminator_terms(d_pass, 0).values())).sum())
    assert_close(game.generator(critic(real), critic(fake)), objective.generator_terms(d_pass)["adversarial"])
    assert game.critic_steps == objective.critic_steps
    assert game.pairs == objective.adversarial.pairs_real
