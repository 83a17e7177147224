"""Gumbel GAN: samples of the softmax, the straight-through gradient, ends, and annealing."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from gan.keyed_random import KeyedRandom
from gan.losses.adversarial import NonSaturating
from gan.losses.objective import Objective
from gan.models.gumbel_gan import Generator, GumbelGAN, straight_through
from gan.nn.text_cnn import TextCNN
from gan.nn.token_lstm import FREE, at_temperature


def lively(**settings: bool) -> Generator:
    torch.manual_seed(0)
    network = Generator(3, 3, embedding=4, width=5, **settings)
    for parameter in network.parameters():
        nn.init.normal_(parameter)
    return network


@pytest.mark.parametrize("ends", [False, True])
def test_samples_follow_the_likelihood(ends: bool) -> None:
    network, num = lively(ends=ends), 20_000
    tokens = network(None, noise=network.draw_noise(KeyedRandom(0, total=num))).argmax(-1)
    found, counts = tokens.unique(dim=0, return_counts=True)
    expected = num * network.log_likelihoods(found).sum(1).exp().detach()
    assert ((counts - expected).abs() < 5 * expected.sqrt() + 1).all()


def test_forward_is_hard_and_backward_soft() -> None:
    scores = torch.randn(4, 5, requires_grad=True)
    relaxation, weights = torch.full((4,), 0.7), torch.randn(4, 5)
    hard = straight_through(scores, relaxation)
    assert torch.equal(hard.detach(), nn.functional.one_hot(scores.argmax(1), 5).float())
    (ours,) = torch.autograd.grad((hard * weights).sum(), scores)
    (soft,) = torch.autograd.grad(((scores / 0.7).softmax(1) * weights).sum(), scores)
    assert_close(ours, soft)
    assert not straight_through(scores, None).requires_grad


def test_prefix_and_low_temperature() -> None:
    network = lively()
    noise = network.draw_noise(KeyedRandom(0, total=20))
    with at_temperature(network, 1e-3):
        tokens = network(None, condition=torch.tensor([2, FREE, FREE]).expand(20, -1), noise=noise).argmax(-1)
    assert (tokens == tokens[0]).all()
    assert tokens[0, 0] == 2


def test_relaxation_decays_exponentially() -> None:
    networks = (lively(), TextCNN(3, 3))
    model = GumbelGAN(
        *networks,
        Objective(NonSaturating()),
        {},
        relaxation=2.0,
        final_relaxation=0.5,
        relaxation_steps=10,
        latent_dim=0,
        ema_decay=0,
    )
    assert [model.relaxation_at(step) for step in (0, 5, 10, 99)] == pytest.approx([2.0, 1.0, 0.5, 0.5])
