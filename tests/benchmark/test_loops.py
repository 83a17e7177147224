"""Hand-written losses and penalties equal this project's for the same logits."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from gan.benchmark.loops import LossFunctions, bare_loop
from gan.instantiate import build
from gan.keyed_random import KeyedRandom
from gan.types import DiscriminatorOutput
from tests.benchmark.test_translation import StopAfter
from tests.passes import make_pass
from tests.test_conf import composed


class Quadratic:
    """Critic with a different gradient for each image."""

    def __call__(self, x: Tensor) -> Tensor:
        return x.flatten(1).square().sum(1) / 2


@pytest.mark.parametrize("loss", ["non_saturating", "wgan_gp", "r3gan"])
def test_losses_equal_the_objectives(loss: str, monkeypatch: Any) -> None:
    objective, losses, critic = build(composed(f"loss={loss}").loss), LossFunctions(loss), Quadratic()
    generator = torch.Generator().manual_seed(0)
    real, fake = torch.randn(2, 8, 1, 3, 3, generator=generator)
    mix = KeyedRandom(0, total=8).uniform(1, 1, 1)
    monkeypatch.setattr(torch, "rand", lambda *_, **__: mix)

    def discriminate(x: Tensor) -> DiscriminatorOutput:
        return DiscriminatorOutput(critic(x), x.flatten(1))

    d_pass = make_pass(discriminate, real, fake, discriminate(real), discriminate(fake))
    real, fake = (x.clone().requires_grad_(losses.differentiates_logits) for x in (real, fake))
    d_loss = losses.discriminator(critic(real), critic(fake))
    if losses.penalty is not None:
        d_loss = d_loss + losses.penalty(critic, real, fake, critic(real), critic(fake))
    monkeypatch.undo()
    assert_close(d_loss, torch.stack(list(objective.discriminator_terms(d_pass).values())).sum())
    assert_close(losses.generator(critic(real), critic(fake)), objective.generator_terms(d_pass)["adversarial"])
    assert losses.critic_steps == objective.critic_steps
    assert losses.pairs_real == objective.adversarial.pairs_real


@pytest.mark.parametrize("settings", [{}, {"run": "compiled"}, {"workers": 0}], ids=str)
def test_the_bare_loop_trains(settings: dict[str, Any]) -> None:
    """Compiled networks run uncompiled here, as compiling takes long."""
    options = ["model=mlp_gan", "data.batch_size=4", "model.generator.width=4", "model.discriminator.width=4"]
    with torch.compiler.set_stance("force_eager"), pytest.raises(StopIteration):
        bare_loop([*options, "trainer=cpu"], "r3gan", StopAfter(2), **settings)
