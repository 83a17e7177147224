"""Unrolled GAN: loss of an updated D, total derivative, and an unchanged D."""

from collections.abc import Callable
from copy import deepcopy
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Trainer
from torch import Tensor, nn
from torch.func import functional_call
from torch.testing import assert_close

from gan.keyed_random import KeyedRandom
from gan.losses.adversarial import (
    AdversarialLoss,
    LeastSquares,
    Minimax,
    NonSaturating,
    Relativistic,
    Wasserstein,
)
from gan.losses.objective import Objective
from gan.losses.regularizers import DRAGAN, R1, R2, GradientPenalty, Regularizer
from gan.models import dcgan, mlp_gan
from gan.models.gan import GAN
from gan.models.unrolled_gan import UnrolledGAN
from gan.nn.layers import Norm
from gan.types import Batch, DiscriminatorOutput, DiscriminatorPass
from tests.passes import make_pass
from tests.test_conf import check_trained, composed, fit

POINTS = (2, 1, 1)
SIZE = 6


def make(
    discriminator: nn.Module, objective: Objective, kind: Callable[..., GAN] = UnrolledGAN, **settings: Any
) -> GAN:
    torch.manual_seed(0)
    generator = mlp_gan.Generator(POINTS, 3, width=8, depth=1, norm="none", output="linear")
    adam = partial(torch.optim.Adam, lr=1e-2)
    return kind(generator, discriminator, objective, {"generator": adam, "discriminator": adam}, **settings)


def run_pass(model: GAN, real: Tensor, fake: Tensor) -> DiscriminatorPass:
    """Return the pass of a generator step, in which D's weights are frozen."""
    critic = model.discriminator.requires_grad_(False)
    real_output = critic(real) if model.objective.adversarial.pairs_real else None
    return make_pass(critic, real, fake, real_output, critic(fake), player="generator")


def generator_loss(model: GAN, d_pass: DiscriminatorPass) -> Tensor:
    terms = model.generator_terms(d_pass)
    assert list(terms) == ["adversarial"]
    return terms["adversarial"]


def loss_with(discriminator: nn.Module, objective: Objective, real: Tensor, fake: Tensor, **settings: Any) -> Tensor:
    model = make(discriminator, objective, **settings)
    return generator_loss(model, run_pass(model, real, fake))


def images(*shape: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(SIZE, *shape, generator=generator), torch.randn(SIZE, *shape, generator=generator)


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize(
    "loss",
    [Minimax(), NonSaturating(), LeastSquares(), Wasserstein(), Relativistic()],
    ids=lambda loss: type(loss).__name__,
)
def test_the_gradient_is_the_total_derivative(loss: AdversarialLoss, k: int) -> None:
    """Compared with finite differences in float64."""
    torch.manual_seed(0)
    discriminator = mlp_gan.Discriminator(POINTS, width=5, depth=2, activation="tanh").double()
    objective, updated, (real, fake) = Objective(loss), deepcopy(discriminator), (x.double() for x in images(*POINTS))
    unrolled_loss = partial(loss_with, discriminator, objective, real, unroll_steps=k, unroll_lr=2.0)
    descend(updated, objective, real, fake, k, 2.0)
    assert torch.autograd.gradcheck(unrolled_loss, fake.requires_grad_())

    (total,) = torch.autograd.grad(unrolled_loss(fake), fake)
    (direct,) = torch.autograd.grad(loss_with(updated, objective, real, fake, unroll_steps=0), fake)
    assert (total - direct).norm() > 0.05 * direct.norm(), "the path through the steps contributes"


@pytest.mark.parametrize("loss", [Minimax(), Wasserstein()], ids=["minimax", "wasserstein"])
def test_a_zero_sum_game_unrolls_the_whole_value(loss: AdversarialLoss) -> None:
    """Against a graph of one step by hand: f_1 is minus the discriminator's loss after it, on real images too."""
    torch.manual_seed(0)
    discriminator = mlp_gan.Discriminator(POINTS, width=5, depth=1, activation="tanh").double()
    real, fake = (x.double() for x in images(*POINTS))
    fake.requires_grad_()
    weights = {name: weight.detach().requires_grad_() for name, weight in discriminator.named_parameters()}

    def discriminator_loss(weights: dict[str, Tensor]) -> Tensor:
        return loss.discriminator(*(functional_call(discriminator, weights, x).logits for x in (real, fake)))

    gradients = torch.autograd.grad(discriminator_loss(weights), list(weights.values()), create_graph=True)
    updated = {name: weights[name] - 2.0 * gradient for name, gradient in zip(weights, gradients, strict=True)}
    (expected,) = torch.autograd.grad(-discriminator_loss(updated), fake)
    (gradient,) = torch.autograd.grad(
        loss_with(discriminator, Objective(loss), real, fake, unroll_steps=1, unroll_lr=2.0), fake
    )
    assert_close(gradient, expected)


def descend(critic: nn.Module, objective: Objective, real: Tensor, fake: Tensor, k: int, lr: float) -> None:
    """Update a discriminator with torch's SGD."""
    critic.requires_grad_(True)
    sgd, rng = torch.optim.SGD(critic.parameters(), lr), KeyedRandom(0, total=len(real))
    for step in range(k):
        d_pass = make_pass(critic, real, fake, critic(real), critic(fake), rng, step=step)
        sgd.zero_grad()
        torch.stack(list(objective.discriminator_terms(d_pass).values())).sum().backward()
        sgd.step()


DISCRIMINATORS: dict[str, tuple[tuple[int, int, int], Callable[[], nn.Module]]] = {
    "perceptron": (POINTS, lambda: mlp_gan.Discriminator(POINTS, width=8, depth=2)),
    "spectral norm": (POINTS, lambda: mlp_gan.Discriminator(POINTS, width=8, depth=2, spectral_norm=True)),
    "batch norm": (POINTS, lambda: mlp_gan.Discriminator(POINTS, width=8, depth=2, norm="batch")),
    "convolutions": ((1, 16, 16), lambda: dcgan.Discriminator((1, 16, 16), width=4, norm="layer")),
}


@pytest.mark.parametrize(
    "objective",
    [
        Objective(Relativistic(), {"r1": R1(1.0), "r2": R2(1.0, every=2)}),
        Objective(Wasserstein(), {"gp": GradientPenalty(1.0)}),
        Objective(Minimax(real_label=0.9), {"dragan": DRAGAN(0.5), "none": None}, label_flip=0.2),
    ],
    ids=["r3gan", "wgan_gp", "dragan"],
)
@pytest.mark.parametrize("name", DISCRIMINATORS)
def test_the_loss_is_that_of_an_updated_discriminator_and_nothing_is_updated(name: str, objective: Objective) -> None:
    shape, make_one = DISCRIMINATORS[name]
    if name == "batch norm":
        objective = Objective(objective.adversarial)  # batch norm has no third derivative, which penalties need
    torch.manual_seed(0)
    discriminator = make_one()
    real, fake = images(*shape)
    model = make(discriminator, objective, unroll_steps=3, unroll_lr=0.1)
    d_pass = run_pass(model, real, fake.requires_grad_())
    updated = deepcopy(discriminator)
    before = {name: value.clone() for name, value in discriminator.state_dict().items()}
    loss = generator_loss(model, d_pass)
    loss.backward()
    assert all(torch.equal(value, before[name]) for name, value in discriminator.state_dict().items())
    assert all(p.grad is None for p in discriminator.parameters())
    assert fake.grad is not None
    assert fake.grad.isfinite().all()

    descend(updated, objective, real, fake.detach(), 3, 0.1)
    on_real, on_fake = (updated(x).logits for x in (real, fake))
    assert_close(loss, objective.adversarial.generator(on_fake, on_real))


class Quadratic(nn.Module):
    """D(x) = Σ w x² / 2, which has all derivatives in closed form."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> DiscriminatorOutput:
        squares = images.flatten(1).square() / 2
        return DiscriminatorOutput(squares @ self.weight, squares)


@pytest.mark.parametrize("penalty", [None, R1(0.7), R2(0.7)], ids=["none", "r1", "r2"])
def test_one_step_in_closed_form(penalty: Regularizer | None) -> None:
    """Penalties on fakes contribute to the gradient too. Let s and r be the mean squares of fakes and reals.

    w' = w - η ((s - r) / 2 + γ w p), where p is r for R1 and s for R2; f = w' (r - s) / 2, the whole value.
    """
    w, lr = torch.tensor([0.5, -1.5]), 0.3
    real, fake = images(*POINTS)
    fake.requires_grad_()
    model = make(Quadratic(w.clone()), Objective(Wasserstein(), {"p": penalty}), unroll_steps=1, unroll_lr=lr)
    loss = generator_loss(model, run_pass(model, real, fake))

    s, r = (x.detach().flatten(1).square().mean(0) for x in (fake, real))
    gamma = 0.7 if penalty is not None else 0.0
    on_fake = isinstance(penalty, R2)
    updated = w - lr * ((s - r) / 2 + gamma * w * (s if on_fake else r))
    assert_close(loss.detach(), (updated * (r - s) / 2).sum())
    derivative = -updated / 2 + (s - r) / 2 * lr * (0.5 + gamma * w * on_fake)
    expected = (derivative * 2 * fake.detach().flatten(1) / SIZE).view_as(fake)
    assert_close(torch.autograd.grad(loss, fake)[0], expected)


def test_zero_steps_give_the_plain_gan() -> None:
    runs = []
    for kind in (mlp_gan.MLPGAN, partial(UnrolledGAN, unroll_steps=0), partial(UnrolledGAN, unroll_steps=1)):
        torch.manual_seed(0)
        model = make(mlp_gan.Discriminator(POINTS, width=8, depth=2), Objective(Relativistic()), kind, latent_dim=3)
        generator = torch.Generator().manual_seed(0)
        batches = [Batch(torch.randn(8, *POINTS, generator=generator), torch.zeros(8).long()) for _ in range(4)]
        quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
        trainer = Trainer(accelerator="cpu", max_epochs=1, enable_model_summary=False, **quiet)
        trainer.fit(model, islice(batches, 4))
        runs.append([p.detach() for p in model.parameters()])
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(runs[0], runs[1], strict=True))
    assert not all(torch.equal(ours, theirs) for ours, theirs in zip(runs[0], runs[2], strict=True))


@pytest.mark.parametrize(
    ("loss", "precision"), [("hinge", "32-true"), ("wgan_gp", "32-true"), ("r3gan", "bf16-mixed"), ("wgan", "32-true")]
)
def test_other_networks_and_losses_can_be_unrolled(loss: str, precision: str, tmp_path: Path) -> None:
    unrolled = ["model._target_=gan.models.unrolled_gan.UnrolledGAN", "+model.unroll_steps=2", "model.accumulate=2"]
    config = composed("model=dcgan", f"loss={loss}", "model.generator.width=4", "data.batch_size=8", *unrolled)
    check_trained(config, fit(config, tmp_path, precision))


@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_norms_without_third_derivatives_are_rejected_with_penalties(norm: Norm) -> None:
    discriminator, penalized = dcgan.Discriminator((1, 16, 16), width=4, norm=norm), Objective(Minimax(), {"r1": R1(1)})
    with pytest.raises(ValueError, match="critic_norm=layer"):
        make(discriminator, penalized)
    make(discriminator, penalized, unroll_steps=0)
    make(discriminator, Objective(Minimax()))
