"""Regularisers of the generator: closed forms of linear generators, state, and independence of parts."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from gan.errors import UserError
from gan.keyed_random import KeyedRandom
from gan.losses.generator_regularizers import L1, FeatureMatching, ModeSeeking, Orthogonality, PathLength
from gan.losses.pulling_away import PullingAway
from gan.types import Batch, DiscriminatorOutput, GeneratorInput, GeneratorOutput
from tests.passes import make_pass

SIZE, LATENT, SHAPE = 6, 3, (1, 2, 2)


class Linear(nn.Module):
    """Linear generator G(z) = A z, with an embedding that it does not use."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(LATENT, 4, bias=False)
        self.embedding = nn.Embedding(5, 7)

    def forward(self, z: Tensor) -> Tensor:
        return self.layer(z).unflatten(1, SHAPE)


def linear_pass(generator: nn.Module, rng: KeyedRandom, seed: int = 0, **settings: Any) -> Any:
    """Return a pass of a generator on some rows of seeded latent vectors and targets."""
    everything = KeyedRandom(seed, 1, total=rng.total)
    z, other, target = (everything.normal(*shape)[rng.rows.start : rng.rows.stop] for shape in ((3,), (3,), SHAPE))
    labels = torch.zeros(len(z), dtype=torch.long)

    def generate(inputs: GeneratorInput) -> GeneratorOutput:
        return GeneratorOutput(generator(inputs.z))

    fake = generator(z)
    output = DiscriminatorOutput(fake.flatten(1)[:, 0], fake.flatten(1))
    real_output = DiscriminatorOutput(target.flatten(1)[:, 0], target.flatten(1))
    defaults = {
        "player": "generator",
        "batch": Batch(target, labels),
        "inputs": GeneratorInput(z, labels),
        "generated": GeneratorOutput(fake),
        "generator": generator,
        "generate": generate,
        "redraw": lambda: GeneratorInput(other, labels),
    }
    return make_pass(lambda _: output, target, fake, real_output, output, rng, **defaults | settings)


def test_l1_is_of_the_images_as_generated() -> None:
    generator = Linear()
    g_pass = replace(linear_pass(generator, KeyedRandom(0, total=SIZE)), real=torch.full((SIZE, *SHAPE), 99.0))
    expected = 3 * (g_pass.generated.images - g_pass.batch.real).abs().mean()
    assert_close(L1(3.0)(g_pass), expected)


def test_path_length_of_a_linear_generator() -> None:
    """The gradient by z of y^T A z is A^T y for each row."""
    generator, regularizer = Linear(), PathLength(weight=2.0, every=4, shrink=1)
    regularizer.mean.fill_(0.7)
    g_pass = linear_pass(generator, KeyedRandom(0, total=SIZE))
    noise = KeyedRandom(0, total=SIZE).normal(*SHAPE).flatten(1) / 2  # the square root of 4 pixels
    lengths = (noise @ generator.layer.weight).norm(dim=1)
    loss = regularizer(g_pass)
    assert_close(loss, 2 * 4 * (lengths - 0.7).square().mean())
    assert_close(g_pass.measures["path_length_mean"], lengths.mean())
    (gradient,) = torch.autograd.grad(loss, generator.layer.weight)
    (expected,) = torch.autograd.grad(8 * (lengths - 0.7).square().mean(), generator.layer.weight)
    assert_close(gradient, expected)


def test_path_length_of_intermediate_vectors() -> None:
    """By w = 2 z with two layers, the gradient halves, and squared norms are averaged over layers."""
    generator, regularizer = Linear(), PathLength(weight=1.0, every=1, shrink=1)

    def generate(inputs: GeneratorInput) -> GeneratorOutput:
        assert inputs.z is not None
        w = (2 * inputs.z)[:, None].expand(-1, 2, -1).contiguous()
        return GeneratorOutput(generator(w.mean(1) / 2), w)

    g_pass = linear_pass(generator, KeyedRandom(0, total=SIZE), generate=generate)
    noise = KeyedRandom(0, total=SIZE).normal(*SHAPE).flatten(1) / 2
    assert_close(regularizer(g_pass), (noise @ generator.layer.weight / 4).square().sum(1).mean())


@pytest.mark.parametrize("shrink", [1, 2, 4])
def test_path_length_does_not_depend_on_parts(shrink: int) -> None:
    generator, regularizer = Linear(), PathLength(shrink=shrink)
    regularizer.mean.fill_(0.5)
    whole = linear_pass(generator, KeyedRandom(0, total=8))
    parts = [linear_pass(generator, part) for part in KeyedRandom(0, total=8).parts(2)]
    assert_close(sum(regularizer(part) for part in parts) / 2, regularizer(whole))
    assert_close(sum(part.measures["path_length_mean"] for part in parts) / 2, whole.measures["path_length_mean"])


def test_the_mean_path_length_follows_steps_with_the_penalty() -> None:
    regularizer = PathLength(decay=0.9)
    regularizer.after_step("generator", {"path_length_mean": torch.tensor(2.0)})
    regularizer.after_step("generator", {"adversarial": torch.tensor(5.0)})
    regularizer.after_step("discriminator", {"path_length_mean": torch.tensor(7.0)})
    assert_close(regularizer.mean, torch.tensor(0.2))
    assert "mean" in regularizer.state_dict()


def test_orthogonality_is_zero_for_orthogonal_filters_of_any_norm() -> None:
    generator = Linear()
    rng, weight = KeyedRandom(0, total=SIZE), generator.layer.weight
    products = weight @ weight.T
    expected = 0.5 * products[~torch.eye(4, dtype=torch.bool)].square().sum()
    assert_close(Orthogonality(0.5)(linear_pass(generator, rng)), expected)
    with torch.no_grad():
        weight.zero_()[:3] = torch.diag(torch.tensor([1.0, 2.0, 3.0]))
    assert Orthogonality(0.5)(linear_pass(generator, rng)) == 0


@pytest.mark.parametrize(
    ("weight", "penalty", "gradient"),
    [
        ([[1.0, 1.0], [0.0, 1.0]], 2.0, [[0.0, 4.0], [4.0, 4.0]]),
        ([[1.0, 1.0, 0.0], [0.0, 1.0, 2.0]], 2.0, [[0.0, 4.0, 8.0], [4.0, 4.0, 0.0]]),
        ([[1.0], [2.0], [3.0]], 2.0 * (4 + 9 + 36), [[4.0 * (4 + 9)], [4.0 * (2 + 18)], [4.0 * (3 + 12)]]),
    ],
    ids=["square", "wide", "tall"],
)
def test_the_gradient_of_orthogonality_is_that_of_products_of_filters(
    weight: list[list[float]], penalty: float, gradient: list[list[float]]
) -> None:
    """The penalty is the sum of (w_i · w_j)² over i ≠ j, so that its gradient by w_i is 4 Σ (w_i · w_j) w_j."""
    layer = nn.Linear(len(weight[0]), len(weight), bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(weight))
    g_pass = replace(linear_pass(Linear(), KeyedRandom(0, total=SIZE)), generator=layer)
    value = Orthogonality(1.0)(g_pass)
    value.backward()
    assert_close(value, torch.tensor(penalty))
    assert_close(layer.weight.grad, torch.tensor(gradient))


def test_feature_matching_compares_means() -> None:
    g_pass = linear_pass(Linear(), KeyedRandom(0, total=SIZE))
    real, fake = g_pass.batch.real.flatten(1), g_pass.generated.images.flatten(1)
    assert_close(FeatureMatching(2.0)(g_pass), 2 * (fake.mean(0) - real.mean(0)).square().sum())


def test_pulling_away_is_the_mean_squared_cosine_of_pairs() -> None:
    g_pass = linear_pass(Linear(), KeyedRandom(0, total=SIZE))
    features = g_pass.fake_output.features
    pairs = [(i, j) for i in range(SIZE) for j in range(SIZE) if i != j]
    cosines = [torch.cosine_similarity(features[i], features[j], dim=0) for i, j in pairs]
    assert_close(PullingAway(2.0)(g_pass), 2 * torch.stack(cosines).square().mean())


def test_mode_seeking_is_the_inverse_ratio_of_distances() -> None:
    generator = Linear()
    g_pass = linear_pass(generator, KeyedRandom(0, total=SIZE))
    z, other = g_pass.inputs.z, g_pass.redraw().z
    ratio = (generator(other) - generator(z)).abs().mean() / (other - z).abs().mean()
    assert_close(ModeSeeking(3.0)(g_pass), 3 / (ratio + 1e-5))


@pytest.mark.parametrize("kind", [PathLength, ModeSeeking])
def test_a_generator_without_z_is_refused(kind: partial[Any]) -> None:
    inputs = GeneratorInput(None, torch.zeros(SIZE, dtype=torch.long), condition=torch.zeros(SIZE, 2))
    with pytest.raises(UserError, match="latent vector"):
        kind(weight=1.0)(linear_pass(Linear(), KeyedRandom(0, total=SIZE), inputs=inputs, redraw=lambda: inputs))
