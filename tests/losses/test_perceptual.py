"""Perceptual regulariser: gradients, and a network that is no part of the model."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from gan.keyed_random import KeyedRandom
from gan.losses.adversarial import NonSaturating
from gan.losses.generator_regularizers import MSE
from gan.losses.objective import Objective
from gan.losses.perceptual import Perceptual
from gan.nn.pretrained.base import FeatureMaps
from gan.schedules.window import Window
from gan.types import GeneratorOutput
from tests.losses.test_generator_regularizers import SIZE, Linear, linear_pass
from tests.models.test_conditions import translation
from tests.models.test_gan import fit


class Frozen(FeatureMaps):
    """One convolution and a ReLU, with fixed weights."""

    name = "frozen"

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.layer = nn.Conv2d(3, 5, 3, padding=1).requires_grad_(False)
        self.eval()

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        return [self.layer(images).relu()]


def test_the_gradient_reaches_the_images_and_not_the_network() -> None:
    regularizer = Perceptual(Frozen, weight=3.0, normalize=False)
    g_pass = linear_pass(Linear(), KeyedRandom(0, total=SIZE))
    images = g_pass.generated.images.detach().requires_grad_()
    loss = regularizer(replace(g_pass, generated=GeneratorOutput(images)))
    network = Frozen()
    differences = network(images)[0] - network(g_pass.batch.real)[0]
    assert_close(loss, 3 * differences.square().mean())
    (gradient,) = torch.autograd.grad(loss, images)
    assert gradient.abs().sum() > 0
    assert all(parameter.grad is None for parameter in network.parameters())


def test_the_network_is_no_part_of_the_model_but_follows_it() -> None:
    objective = Objective(NonSaturating(), generator_regularizers={"perceptual": Perceptual(Frozen)})
    regularizer: Any = objective.generator_regularizers["perceptual"]
    assert not regularizer._loaded, "samples do not need it"
    regularizer.prepare(torch.device("cpu"))
    assert not list(objective.parameters())
    assert not objective.state_dict()
    objective.double().train()
    (network,) = regularizer._loaded
    assert network.layer.weight.dtype == torch.float64
    assert not network.training


@pytest.mark.parametrize("normalize", [True, False])
def test_half_precision_agrees_with_float32(normalize: bool) -> None:
    regularizer = Perceptual(Frozen, normalize=normalize)
    g_pass = linear_pass(Linear(), KeyedRandom(0, total=SIZE))
    exact = regularizer(g_pass)
    with torch.autocast("cpu", torch.bfloat16):
        rounded = regularizer(g_pass)
    assert rounded.dtype == torch.float32
    assert_close(rounded, exact, rtol=0.05, atol=0.01)


def test_missing_networks_stop_a_run_before_its_first_step() -> None:
    def missing() -> FeatureMaps:
        raise RuntimeError("no weights")

    late = Perceptual(missing, schedule=Window(start=1000))
    model = translation()
    model.objective = Objective(NonSaturating(), generator_regularizers={"late": late})
    with pytest.raises(RuntimeError, match="no weights"):
        fit(model)
    assert model.batches_seen == 0


def test_terms_outside_their_window_are_not_computed() -> None:
    first, then = MSE(1.0, schedule=Window(end=2)), Perceptual(Frozen, schedule=Window(start=2))
    objective = Objective(NonSaturating(), generator_regularizers={"mse": first, "perceptual": then})
    g_pass = linear_pass(Linear(), KeyedRandom(0, total=SIZE))
    names = [[*objective.generator_only_terms(replace(g_pass, step=step))] for step in range(4)]
    assert names == [["mse"], ["mse"], ["perceptual"], ["perceptual"]]


def test_mse_is_of_the_images_as_generated() -> None:
    g_pass = linear_pass(Linear(), KeyedRandom(0, total=SIZE))
    assert_close(MSE(3.0)(g_pass), 3 * (g_pass.generated.images - g_pass.batch.real).square().mean())
