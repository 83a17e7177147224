"""InfoGAN: distribution of the codes, information terms, and the networks that they train."""

from functools import partial
from math import e, log, pi
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from gan.keyed_random import KeyedRandom
from gan.losses.adversarial import AdversarialLoss, NonSaturating
from gan.losses.objective import Objective
from gan.models import cgan, dcgan, mlp_gan
from gan.models.infogan import CodePosterior, InfoGAN, Recognition
from gan.types import Batch, DiscriminatorOutput, GeneratorInput
from tests.models.test_gan import fit
from tests.passes import make_pass

SHAPE = (1, 4, 4)
LATENT_DIM, CATEGORIES, CONTINUOUS = 6, 3, 2


class Generator(mlp_gan.Generator):
    """A perceptron that also takes a category."""

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        assert labels is not None
        return super().forward(torch.cat([z, nn.functional.one_hot(labels, CATEGORIES)], 1))


class ZeroLoss(AdversarialLoss):
    """An adversarial loss of zero, so that the information terms alone train the players."""

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return 0 * (real.mean() + fake.mean())

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return 0 * fake.mean()


def make(objective: Objective | None = None, **settings: Any) -> InfoGAN:
    torch.manual_seed(0)
    adam = partial(torch.optim.Adam, lr=1e-2, betas=(0.5, 0.9))
    recognition = {key: settings.pop(key) for key in ("learned_variance",) if key in settings}
    return InfoGAN(
        Generator(SHAPE, LATENT_DIM + CATEGORIES, width=16, depth=1, norm="none"),
        mlp_gan.Discriminator(SHAPE, width=16, depth=1),
        partial(Recognition, num_classes=CATEGORIES, continuous=settings.get("continuous", CONTINUOUS), **recognition),
        objective or Objective(NonSaturating()),
        {"generator": adam, "discriminator": adam},
        **{"latent_dim": LATENT_DIM, "num_classes": CATEGORIES, "continuous": CONTINUOUS, **settings},
    )


def draw_inputs(model: InfoGAN, rng: KeyedRandom) -> GeneratorInput:
    zeros = torch.zeros(len(rng), dtype=torch.long)
    return model.draw_generator_input(Batch(torch.zeros(len(rng), *SHAPE), zeros), rng)


def test_codes_are_uniform_and_independent_of_the_batch() -> None:
    inputs = draw_inputs(make(), KeyedRandom(0, total=30_000))
    z, labels = inputs.tensors()["z"], inputs.tensors()["labels"]
    assert_close(torch.bincount(labels) / 30_000, torch.full((CATEGORIES,), 1 / CATEGORIES), atol=0.01, rtol=0)
    assert -1 <= z.min() < -0.99
    assert 0.99 < z.max() <= 1
    codes = z[:, -CONTINUOUS:]
    assert_close(torch.cov(codes.T), torch.eye(CONTINUOUS) / 3, atol=0.01, rtol=0)
    assert torch.corrcoef(torch.stack([labels.float(), *codes.T]))[0, 1:].abs().max() < 0.02


@pytest.mark.parametrize("parts", [2, 3])
def test_parts_of_a_batch_get_the_codes_of_the_whole(parts: int) -> None:
    model, whole = make(), draw_inputs(make(), KeyedRandom(0, total=10))
    pieces = [draw_inputs(model, part) for part in KeyedRandom(0, total=10).parts(parts)]
    for name, expected in whole.tensors().items():
        assert torch.equal(torch.cat([piece.tensors()[name] for piece in pieces]), expected)


class Oracle(nn.Module):
    """Q with a given posterior."""

    def __init__(self, posterior: CodePosterior) -> None:
        super().__init__()
        self.posterior = posterior

    def forward(self, features: Tensor) -> CodePosterior:
        assert features.dtype == torch.float32
        return self.posterior


@pytest.mark.parametrize("autocast", [False, True])
def test_terms_are_the_bound_on_mutual_information(autocast: bool) -> None:
    """It is H(c), log K for the category, if images determine the codes, and 0 if they contain no information."""
    model = make(category_weight=2.0, continuous_weight=0.5)
    inputs = draw_inputs(model, KeyedRandom(0, total=50_000))
    codes = inputs.tensors()["z"][:, -CONTINUOUS:]
    output = DiscriminatorOutput(
        torch.zeros(50_000), torch.zeros(50_000, 16, dtype=torch.bfloat16 if autocast else torch.float32)
    )
    images = torch.zeros(1, *SHAPE)
    d_pass = make_pass(lambda _: output, images, images, None, output, inputs=inputs)
    certain = 100 * nn.functional.one_hot(inputs.tensors()["labels"], CATEGORIES).float()
    variance = 1e-2

    def terms(posterior: CodePosterior) -> dict[str, float]:
        model.recognition = Oracle(posterior)
        with torch.autocast("cpu", enabled=autocast):
            return {name: float(value) for name, value in model.information_terms(d_pass).items()}

    uninformed = terms(CodePosterior(torch.zeros_like(certain), torch.zeros_like(codes), torch.ones_like(codes)))
    assert uninformed["category"] == pytest.approx(0, abs=1e-5)
    # a standard normal instead of U[-1, 1], which has second moment 1/3
    expected = CONTINUOUS * (log(2) - log(2 * pi) / 2 - 1 / 6)
    assert uninformed["continuous"] == pytest.approx(-0.5 * expected, abs=5e-3)

    exact = terms(CodePosterior(certain, codes, torch.full_like(codes, variance)))
    assert exact["category"] == pytest.approx(-2 * log(CATEGORIES), rel=1e-5)
    peak = CONTINUOUS * (log(2) - log(2 * pi * variance) / 2)  # the normal density at its mean
    assert exact["continuous"] == pytest.approx(-0.5 * peak, rel=1e-4)

    noisy = codes + variance**0.5 * torch.randn(codes.shape, generator=torch.Generator().manual_seed(0))
    channel = CONTINUOUS * (log(2) - log(2 * pi * e * variance) / 2)  # I(c; c + noise), neglecting the ends of [-1, 1]
    estimated = terms(CodePosterior(certain, noisy, torch.full_like(codes, variance)))
    assert estimated["continuous"] == pytest.approx(-0.5 * channel, rel=2e-2)


def test_q_is_updated_with_the_generator() -> None:
    model = make(Objective(NonSaturating(), critic_steps=3))
    _, recorder = fit(model, steps=3)
    updates = ([False] * 2 + [True]) * 3
    assert recorder.changed("recognition") == recorder.changed("generator") == updates[1:]
    assert all(recorder.changed("discriminator"))


@pytest.mark.parametrize("learned_variance", [False, True])
def test_both_players_maximise_the_information(learned_variance: bool) -> None:
    """Without an adversarial loss, D's hidden layers are trained and its head is not; the terms decrease."""
    model = make(Objective(ZeroLoss()), learned_variance=learned_variance, continuous_weight=1.0)
    _, recorder = fit(model, steps=150)
    assert recorder.changed("discriminator.hidden")[0]
    assert not any(recorder.changed("discriminator.head"))
    for player in "dg":
        category, continuous = (
            torch.stack([terms[f"{player}/{name}"] for terms in recorder.terms]) for name in ("category", "continuous")
        )
        assert category[0] > -0.25 * log(CATEGORIES)
        assert category[-20:].mean() < -0.6 * log(CATEGORIES)
        assert continuous[-20:].mean() < continuous[:20].mean() - 0.05


@pytest.mark.parametrize("learned_variance", [False, True])
def test_the_shape_and_variance_of_the_posterior(learned_variance: bool) -> None:
    posterior = Recognition(7, CATEGORIES, CONTINUOUS, learned_variance=learned_variance)(torch.randn(5, 7))
    assert [x.shape[1] for x in posterior] == [CATEGORIES, CONTINUOUS, CONTINUOUS]
    assert (posterior.variance > 0).all()
    assert torch.equal(posterior.variance, torch.ones(5, CONTINUOUS)) is not learned_variance


def test_continuous_codes_are_optional() -> None:
    fit(make(continuous=0), steps=2)


@pytest.mark.parametrize("network", [dcgan.Discriminator, cgan.Discriminator, mlp_gan.Discriminator])
def test_discriminators_declare_their_number_of_features(network: Any) -> None:
    conditional = {"num_classes": 3} if network is cgan.Discriminator else {}
    discriminator = network((1, 28, 28), width=4, **conditional)
    features = discriminator(torch.randn(2, 1, 28, 28), torch.tensor([0, 1])).features
    assert features.shape == (2, discriminator.num_features)


def test_invalid_arguments() -> None:
    with pytest.raises(ValueError, match="continuous=7 must be at most latent_dim=6"):
        make(continuous=LATENT_DIM + 1)


def test_a_discriminator_without_num_features_is_rejected() -> None:
    with pytest.raises(ValueError, match="Linear has no num_features"):
        InfoGAN(nn.Linear(1, 1), nn.Linear(1, 1), partial(Recognition, num_classes=2), Objective(NonSaturating()), {})
