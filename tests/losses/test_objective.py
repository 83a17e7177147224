"""Objective: named terms, when regularisers apply, label flips, measures, instance noise."""

from math import log

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from gan.keyed_random import KeyedRandom
from gan.losses.adversarial import Hinge, NonSaturating, Relativistic, Wasserstein
from gan.losses.constraints import WeightClip
from gan.losses.objective import Objective
from gan.losses.regularizers import R1, R2
from gan.types import DiscriminatorOutput, DiscriminatorPass
from tests.passes import make_pass


def pass_with(real: torch.Tensor, fake: torch.Tensor, step: int = 0) -> DiscriminatorPass:
    images = torch.ones(len(real), 1, 2, 2)
    weight = torch.ones(4, requires_grad=True)
    return make_pass(
        lambda x: DiscriminatorOutput(x.flatten(1) @ weight, x.flatten(1)),
        images,
        images,
        DiscriminatorOutput(real, images),
        DiscriminatorOutput(fake, images),
        step=step,
    )


def test_terms_are_named_and_regularizers_apply_at_their_steps() -> None:
    objective = Objective(NonSaturating(), {"r1": R1(1.0, every=2), "r2": R2(1.0, every=3)})
    zeros = torch.zeros(4)
    names = [set(objective.discriminator_terms(pass_with(zeros, zeros, step))) for step in range(4)]
    assert names == [{"adversarial", "r1", "r2"}, {"adversarial"}, {"adversarial", "r1"}, {"adversarial", "r2"}]
    terms = objective.discriminator_terms(pass_with(zeros, zeros))
    assert_close(terms["r1"], torch.tensor(2 * 4 / 2.0))  # every * |w|^2 / 2
    assert_close(terms["r2"], torch.tensor(3 * 4 / 2.0))


def test_a_regularizer_set_to_none_is_skipped() -> None:
    assert Objective(NonSaturating(), {"r1": None}).regularizers.keys() == set()


def test_the_generators_loss_uses_real_logits_for_pairing() -> None:
    real, fake = torch.tensor([1.0, 3.0]), torch.tensor([0.0, 0.0])
    term = Objective(Relativistic()).generator_terms(pass_with(real, fake))["adversarial"]
    assert_close(term, torch.nn.functional.softplus(real).mean())


def test_label_flips_have_the_requested_rate() -> None:
    size, share = 20_000, 0.2
    objective = Objective(NonSaturating(), label_flip=share)
    real, fake = torch.full((size,), 2.0), torch.full((size,), -2.0)
    loss = objective.discriminator_terms(pass_with(real, fake))["adversarial"]
    right, wrong = log(1 + torch.tensor(-2.0).exp()), log(1 + torch.tensor(2.0).exp())
    assert_close(loss, torch.tensor(2 * ((1 - share) * right + share * wrong)), atol=0.05, rtol=0)


@pytest.mark.parametrize("loss", [Hinge(), Wasserstein(), Relativistic()])
def test_losses_without_labels_reject_label_flips(loss: Hinge) -> None:
    with pytest.raises(ValueError, match="no labels"):
        Objective(loss, label_flip=0.1)


def test_measures() -> None:
    measures = Objective(NonSaturating()).measures(
        pass_with(torch.tensor([1.0, 2.0, -1.0, 3.0]), torch.tensor([-1.0, 1.0, 1.0, -2.0]))
    )
    assert measures["accuracy_real"] == 0.75
    assert measures["accuracy_fake"] == 0.5
    assert {"value", "js"} <= measures.keys()
    wasserstein = Objective(Wasserstein()).measures(pass_with(torch.ones(2), torch.zeros(2)))
    assert set(wasserstein) == {"accuracy_real", "accuracy_fake", "wasserstein"}


def test_weights_are_clipped() -> None:
    network = nn.Linear(50, 50)
    Objective(Wasserstein(), constraint=WeightClip(0.02)).constrain(network)
    assert max(parameter.abs().max().item() for parameter in network.parameters()) == pytest.approx(0.02)


@pytest.mark.parametrize(("step", "std"), [(0, 0.5), (50, 0.25), (100, 0.0), (1000, 0.0)])
def test_instance_noise_decays(step: int, std: float) -> None:
    objective = Objective(Hinge(), instance_noise=0.5, instance_noise_steps=100)
    noisy = objective.add_instance_noise(torch.zeros(1000, 1, 4, 4), step, KeyedRandom(0, total=1000))
    assert noisy.std().item() == pytest.approx(std, rel=0.02)
