"""Losses of autoencoders as discriminators: values by hand, BEGAN's control variable, and which networks fit."""

from typing import Any

import pytest
import torch
from torch.testing import assert_close

from gan.losses.adversarial import Hinge
from gan.losses.energy import BEGAN, EBGAN
from gan.losses.objective import Objective
from gan.models import began, dcgan
from gan.models.gan import GAN

REAL, FAKE = -torch.tensor([0.2, 0.4]), -torch.tensor([0.5, 1.5])  # energies 0.2, 0.4 and 0.5, 1.5


def test_ebgan_has_a_margin_for_fakes() -> None:
    loss = EBGAN(margin=1.0)
    assert_close(loss.discriminator(REAL, FAKE), torch.tensor(0.3 + (0.5 + 0.0) / 2))
    assert_close(loss.generator(FAKE), torch.tensor(1.0))
    assert_close(loss.measures(REAL, FAKE), {"energy_real": torch.tensor(0.3), "energy_fake": torch.tensor(1.0)})


def test_began_weights_the_energy_of_fakes() -> None:
    loss = BEGAN(diversity=0.5)
    loss.k.fill_(0.25)
    assert_close(loss.discriminator(REAL, FAKE), torch.tensor(0.3 - 0.25 * 1.0))
    assert_close(loss.generator(FAKE), torch.tensor(1.0))
    measures = loss.measures(REAL, FAKE)
    assert_close(measures["convergence"], torch.tensor(0.3 + abs(0.5 * 0.3 - 1.0)))
    assert_close(measures["k"], torch.tensor(0.25))


def test_k_follows_the_balance_of_the_discriminators_steps() -> None:
    loss = BEGAN(diversity=0.5, rate=0.1)
    energies = {"energy_real": torch.tensor(4.0), "energy_fake": torch.tensor(1.0)}
    loss.after_step("discriminator", energies)
    loss.after_step("generator", energies)
    assert_close(loss.k, torch.tensor(0.1 * (0.5 * 4 - 1)))
    for _ in range(20):
        loss.after_step("discriminator", energies)
    assert loss.k == 1
    loss.after_step("discriminator", {"energy_real": torch.tensor(0.0), "energy_fake": torch.tensor(99.0)})
    assert loss.k == 0
    assert "k" in loss.state_dict()


@pytest.mark.parametrize("exponent", [1, 2])
def test_a_logit_is_minus_the_mean_error_of_the_reconstruction(exponent: int) -> None:
    network = began.Discriminator((2, 16, 16), latent_dim=5, width=4, exponent=exponent)
    images = 2 * torch.rand(3, 2, 16, 16) - 1
    output = network(images)
    errors = (network.decoder(network.encoder(images)) - images).abs() ** exponent
    assert_close(output.logits, -errors.mean((1, 2, 3)))
    assert_close(output.features, network.encoder(images))


def gan(discriminator: torch.nn.Module, objective: Objective) -> GAN:
    def unused(*_: Any) -> Any:
        raise AssertionError

    return GAN(dcgan.Generator((1, 16, 16), width=4), discriminator, objective, dict.fromkeys("dg", unused))


def test_losses_of_energies_need_an_autoencoder() -> None:
    autoencoder = began.Discriminator((1, 16, 16), latent_dim=5, width=4)
    gan(autoencoder, Objective(BEGAN()))
    gan(autoencoder, Objective(Hinge()))
    with pytest.raises(ValueError, match="BEGAN needs a discriminator that is an autoencoder"):
        gan(dcgan.Discriminator((1, 16, 16), width=4), Objective(BEGAN()))
