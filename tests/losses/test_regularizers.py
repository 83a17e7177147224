"""Gradient penalties in closed form, mostly of a linear critic, which has a constant gradient."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from gan.errors import UserError
from gan.keyed_random import KeyedRandom
from gan.losses.max_gradient_penalty import MaxGradientPenalty
from gan.losses.regularizers import DRAGAN, R1, R2, Drift, GradientPenalty, Regularizer
from gan.schedules.decay import Cosine
from gan.types import DiscriminatorOutput, DiscriminatorPass, RealOrFake
from tests.passes import make_pass

SHAPE = (2, 4, 4)
REGULARIZERS: list[Callable[..., Regularizer]] = [GradientPenalty, R1, R2, DRAGAN, MaxGradientPenalty]


def random_pass(
    critic: Callable[[Tensor], DiscriminatorOutput],
    batch: int = 6,
    double_backward: frozenset[RealOrFake] = frozenset(),
) -> DiscriminatorPass:
    torch.manual_seed(0)
    real, fake = torch.rand(batch, *SHAPE), torch.rand(batch, *SHAPE) - 1
    real, fake = real.requires_grad_("real" in double_backward), fake.requires_grad_("fake" in double_backward)
    return make_pass(critic, real, fake, critic(real), critic(fake), double_backward=double_backward)


def linear(norm: float) -> tuple[nn.Linear, Callable[[Tensor], DiscriminatorOutput]]:
    torch.manual_seed(1)
    layer = nn.Linear(32, 1)
    with torch.no_grad():
        layer.weight.mul_(norm / layer.weight.norm())
    return layer, lambda images: DiscriminatorOutput(layer(images.flatten(1)).flatten(), images.flatten(1))


@pytest.mark.parametrize("norm", [0.5, 1.0, 3.0])
@pytest.mark.parametrize(
    ("regularizer", "formula"),
    [
        (GradientPenalty(10.0), lambda w: 10 * (w - 1) ** 2),
        (GradientPenalty(10.0, target=2.0), lambda w: 10 * (w - 2) ** 2),
        (GradientPenalty(10.0, one_sided=True), lambda w: 10 * max(w - 1, 0) ** 2),
        (R1(5.0), lambda w: 5 * w**2 / 2),
        (R2(5.0), lambda w: 5 * w**2 / 2),
        (DRAGAN(10.0), lambda w: 10 * (w - 1) ** 2),
        (MaxGradientPenalty(10.0), lambda w: 10 * w**2),
        (R1(5.0, every=4), lambda w: 4 * 5 * w**2 / 2),
    ],
)
def test_linear_critic(regularizer: Regularizer, formula: Callable[[float], float], norm: float) -> None:
    _, critic = linear(norm)
    assert_close(regularizer(random_pass(critic)), torch.tensor(float(formula(norm))), atol=1e-4, rtol=1e-4)


def test_the_gradient_by_the_weights_follows_the_formula() -> None:
    layer, critic = linear(3.0)
    GradientPenalty(10.0)(random_pass(critic)).backward()
    unit = layer.weight.detach() / 3.0
    assert_close(layer.weight.grad, 10 * 2 * (3.0 - 1) * unit, atol=1e-4, rtol=1e-4)


def quadratic(images: Tensor) -> DiscriminatorOutput:
    """A critic |x|^2 / 2 with gradient x, which reveals the images that a penalty uses."""
    flat = images.flatten(1)
    return DiscriminatorOutput(flat.square().sum(1) / 2, flat)


def test_images_that_each_penalty_uses() -> None:
    d_pass = random_pass(quadratic)
    real, fake = d_pass.real.flatten(1), d_pass.fake.flatten(1)
    assert_close(R1(1.0)(d_pass), real.square().sum(1).mean() / 2)
    assert_close(R2(1.0)(d_pass), fake.square().sum(1).mean() / 2)
    mix = KeyedRandom(0, total=6).uniform(1, 1, 1).flatten(1)
    interpolated = fake + mix * (real - fake)
    assert_close(GradientPenalty(1.0)(random_pass(quadratic)), (interpolated.norm(dim=1) - 1).square().mean())
    assert_close(MaxGradientPenalty(1.0)(random_pass(quadratic)), interpolated.square().sum(1).max())


@pytest.mark.parametrize("packing", [1, 2])
def test_the_weight_of_r1_follows_from_pixels_and_batch(packing: int) -> None:
    """Of a batch of 12 images, on two ranks or in two parts, six of which are of this pass."""
    d_pass = random_pass(quadratic, batch=6 // packing)
    rng = KeyedRandom(0, total=12, rows=slice(6, 12)).packed(packing)
    batch = d_pass.batch._replace(real=torch.zeros(6, *SHAPE))
    value = R1(weight=None, every=4)(replace(d_pass, rng=rng, batch=batch))
    wanted = 0.0002 * 4**2 / 12
    assert_close(value, 4 * wanted * d_pass.real.flatten(1).square().sum(1).mean() / 2)
    assert_close(d_pass.measures, {"r1_weight": torch.tensor(wanted)})
    fixed = random_pass(quadratic)
    R1(2.0)(fixed)
    assert not fixed.measures, "a weight that is set needs no measure"


def test_the_weight_of_r1_must_be_set_for_points() -> None:
    points = torch.zeros(6, 2)
    d_pass = replace(random_pass(quadratic), real=points)
    with pytest.raises(UserError, match=r"r1\.weight=null .* set it for other data"):
        R1(weight=None)(d_pass)


def test_drift_is_the_mean_square_of_real_logits() -> None:
    d_pass = random_pass(quadratic)
    assert d_pass.real_output is not None
    assert_close(Drift(0.5)(d_pass), 0.5 * (d_pass.real.flatten(1).square().sum(1) / 2).square().mean())


@pytest.mark.parametrize("make", REGULARIZERS)
def test_penalties_are_float32_under_autocast(make: Callable[..., Regularizer]) -> None:
    layer, critic = linear(3.0)
    exact = make(1.0)(random_pass(critic))
    with torch.autocast("cpu", torch.bfloat16):
        mixed = make(1.0)(random_pass(critic))
    assert mixed.dtype == torch.float32
    assert_close(mixed, exact)
    mixed.backward()
    assert layer.weight.grad is not None
    assert layer.weight.grad.isfinite().all()


@pytest.mark.parametrize("regularizer", [R1, R2])
def test_r1_and_r2_reuse_existing_outputs(regularizer: type[R1 | R2]) -> None:
    """The penalty and its gradient are the same, without another forward pass."""
    torch.manual_seed(1)
    network = nn.Sequential(nn.Flatten(), nn.Linear(32, 16), nn.Softplus(), nn.Linear(16, 1))
    passes, results = [], []

    def critic(images: Tensor) -> DiscriminatorOutput:
        passes.append(images)
        return DiscriminatorOutput(network(images).flatten(), images.flatten(1))

    assert regularizer.wrt is not None
    for double_backward in (frozenset[RealOrFake](), frozenset({regularizer.wrt})):
        passes.clear()
        network.zero_grad()
        penalty = regularizer(5.0)(random_pass(critic, double_backward=double_backward))
        penalty.backward()
        results.append((penalty.detach(), network[1].weight.grad, network[3].weight.grad))
        assert len(passes) == (2 if double_backward else 3)
    assert_close(results[1], results[0])


@pytest.mark.parametrize("make", REGULARIZERS)
def test_a_flat_critic_has_finite_gradients(make: Callable[..., Regularizer]) -> None:
    """The derivative of a norm is infinite at zero."""
    layer, critic = linear(0.0)
    make(1.0)(random_pass(critic)).backward()
    assert layer.weight.grad is not None
    assert layer.weight.grad.isfinite().all()


@pytest.mark.parametrize("regularizer", REGULARIZERS)
def test_a_weight_follows_its_schedule(regularizer: Callable[..., Regularizer]) -> None:
    schedule = Cosine(steps=10, end=0.1)
    _, critic = linear(3.0)
    constant = regularizer(weight=2.0)(random_pass(critic))
    for step in (0, 5, 10):
        scheduled = regularizer(weight=2.0, schedule=schedule)(replace(random_pass(critic), step=step))
        assert_close(scheduled, schedule(step) * constant)
