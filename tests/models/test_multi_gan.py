"""MGAN: separate first layers, shared other layers, and the classifier's cross entropy."""

from functools import partial
from math import log
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.testing import assert_close

from gan.keyed_random import KeyedRandom
from gan.losses.adversarial import Minimax
from gan.losses.objective import Objective
from gan.models import mlp_gan
from gan.models.multi_gan import Discriminator, Generator, MultiGAN
from gan.types import Batch, GeneratorInput
from tests.passes import make_pass

SHAPE = (1, 4, 4)
K = 3


def make(**settings: Any) -> MultiGAN:
    torch.manual_seed(0)
    generator, discriminator = Generator(SHAPE, K, 5, width=8, norm="none"), Discriminator(SHAPE, K, width=8)
    adam = partial(torch.optim.Adam, lr=1e-2)
    players = {"generator": adam, "discriminator": adam}
    arguments = {"latent_dim": 5, "num_classes": K} | settings
    return MultiGAN(generator, discriminator, Objective(Minimax()), players, **arguments)


@pytest.mark.parametrize("activation", ["relu", "maxout"])
@pytest.mark.parametrize("norm", ["layer", "none"])
@pytest.mark.parametrize("depth", [1, 3])
def test_each_generator_is_a_perceptron_with_its_own_first_layer(activation: Any, norm: Any, depth: int) -> None:
    settings = {"width": 8, "depth": depth, "activation": activation, "norm": norm}
    generator, single = Generator(SHAPE, K, 5, **settings), mlp_gan.Generator(SHAPE, 5, **settings)
    single.head.load_state_dict(generator.head.state_dict())
    single.hidden[1:].load_state_dict({f"{int(n[0])}{n[1:]}": p for n, p in generator.hidden.state_dict().items()})
    assert isinstance(single.hidden[0], nn.Linear)
    assert isinstance(generator.first, nn.Linear)
    z = torch.randn(6, 5)
    first: Any = generator.first
    for k, (weight, bias) in enumerate(zip(first.weight.chunk(K), first.bias.chunk(K), strict=True)):
        single.hidden[0].weight.data, single.hidden[0].bias.data = weight, bias
        assert_close(generator(z, torch.full((6,), k)), single(z))


def test_labels_may_be_mixtures_of_generators() -> None:
    generator = Generator(SHAPE, K, 5, width=8, norm="none")
    z, labels = torch.randn(6, 5), torch.arange(6) % K
    assert_close(generator(z, F.one_hot(labels, K).float()), generator(z, labels))
    mixed = generator(z, torch.tensor([[0.5, 0.5, 0.0]]).expand(6, -1))
    assert not torch.allclose(mixed, generator(z, torch.zeros(6).long()))


def test_generators_that_are_not_drawn_get_no_gradient() -> None:
    generator = Generator(SHAPE, K, 5, width=8, norm="none")
    generator(torch.randn(6, 5), torch.ones(6).long()).square().sum().backward()
    assert isinstance(generator.first, nn.Linear)
    assert generator.first.weight.grad is not None
    assert [bool(rows.any()) for rows in generator.first.weight.grad.chunk(K)] == [False, True, False]


def test_generators_are_uniform_and_independent_of_classes_and_parts() -> None:
    model, size = make(), 6000
    batch = Batch(torch.zeros(size, *SHAPE), torch.zeros(size, dtype=torch.long))
    whole = model.draw_generator_input(batch, KeyedRandom(0, total=size))
    parts = [model.draw_generator_input(batch, part) for part in KeyedRandom(0, total=size).parts(3)]
    tensors = whole.tensors()
    for name, value in tensors.items():
        assert torch.equal(value, torch.cat([part.tensors()[name] for part in parts]))
    counts = tensors["labels"].bincount(minlength=K)
    assert len(counts) == K
    assert (counts / size - 1 / K).abs().max() < 0.02


def test_the_cross_entropy_is_over_generators() -> None:
    """It is log K for an untrained classifier; D's weight is 1, G's is ``diversity``."""
    model = make(diversity=0.5)
    images, numbers = torch.randn(6, *SHAPE), torch.tensor([0, 1, 2, 2, 2, 2])
    inputs = GeneratorInput(torch.randn(6, 5), numbers)

    def terms() -> list[Tensor]:
        output = model.discriminator(images)
        d_pass = make_pass(model.discriminator, images, images, output, output, inputs=inputs)
        both = model.discriminator_terms(d_pass), model.generator_terms(d_pass)
        assert all(list(terms) == ["adversarial", "classification"] for terms in both)
        return [terms["classification"] for terms in both]

    with torch.no_grad():
        for parameter in model.discriminator.classifier.parameters():
            parameter.zero_()
        assert_close(terms(), [torch.tensor(log(K)), torch.tensor(0.5 * log(K))])
        model.discriminator.classifier.bias.copy_(torch.tensor([0.25, 0.25, 0.5]).log())
        expected = torch.tensor((2 * log(4) + 4 * log(2)) / 6)
        assert_close(terms(), [expected, 0.5 * expected])


def test_samples_cycle_through_the_generators() -> None:
    model = make(ema_decay=0.0)
    (batch,) = model.iterate_samples(range(7))
    assert batch.labels.tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert torch.equal(batch.images, model.generator(model.sample_input(range(7)).z, batch.labels).detach())


def test_invalid_arguments() -> None:
    with pytest.raises(ValueError, match="packing"):
        make(packing=2)
