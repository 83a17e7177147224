"""Counted operations and memory of updates."""

import pytest
import torch
from torch import nn

from gan.benchmark.operations import count_update, num_bytes
from gan.config import compose_config
from gan.instantiate import build
from gan.models.gan import GAN
from gan.resolvers import register_resolvers

SHAPE = (1, 8, 8)


def make_model(*options: str) -> GAN:
    register_resolvers()
    small = ["data.image_size=8", "model.generator.width=24", "model.discriminator.width=40"]
    model = build(compose_config("train", ["model=mlp_gan", *small, *options]).model)
    assert isinstance(model, GAN)
    return model


def products(network: nn.Module) -> list[int]:
    """Return the number of products of each linear layer of a perceptron, per row."""
    return [layer.weight.numel() for layer in network.modules() if isinstance(layer, nn.Linear)]


def test_operations_of_perceptrons_are_those_counted_by_hand() -> None:
    model = make_model()
    g, d = products(model.generator), products(model.discriminator)
    forward, gradients_of_weights, of_inputs = 2 * sum(d), 2 * sum(d), 2 * sum(d[1:])
    assert count_update(model, "discriminator", SHAPE).operations == (
        2 * sum(g) + 2 * (forward + gradients_of_weights + of_inputs)  # of a fake and of a real image
    )
    back_through_d = 2 * sum(d)
    assert count_update(model, "generator", SHAPE).operations == (
        2 * sum(g) + forward + back_through_d + 2 * sum(g) + 2 * sum(g[1:])
    )


def test_a_lazy_penalty_costs_its_share_of_the_updates() -> None:
    plain, always, lazy = (
        count_update(make_model(*options), "discriminator", SHAPE)
        for options in (
            [],
            ["loss/regularizers=[r1]"],
            ["loss/regularizers=[r1]", "loss.regularizers.r1.every=8"],
        )
    )
    assert lazy.operations - plain.operations == (always.operations - plain.operations) / 8
    assert plain.saved < always.saved == lazy.saved, "memory is that of the largest update"


def test_kept_memory_is_that_of_a_real_pass() -> None:
    model, rows = make_model("model.generator.norm=none"), 4
    weights = {weight.data_ptr() for weight in model.parameters()}
    saved: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            saved[storage.data_ptr()] = storage.nbytes()
        return tensor

    model.discriminator.requires_grad_(False)
    z = torch.randn(rows, model.latent_dim)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = nn.functional.softplus(-model.discriminator(model.generator(z)).logits).mean()
    del loss
    counted = count_update(model, "generator", SHAPE).saved
    assert sum(saved.values()) / rows == pytest.approx(counted, rel=0.05)


def test_the_model_is_left_as_it_was() -> None:
    model = make_model()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    count_update(model, "generator", SHAPE)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(type(weight) is nn.Parameter and weight.requires_grad for weight in model.generator.parameters())


def test_shared_weights_are_counted_once() -> None:
    layer = nn.Linear(3, 4)
    assert num_bytes([layer, nn.Sequential(layer)]) == 4 * (12 + 4)
