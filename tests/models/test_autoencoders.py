"""VAE and VQ-VAE: reconstructions, gradients, seeded samples, and rejected options."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from gan.config import plain
from gan.data.base import ImageDataModule
from gan.errors import UserError
from gan.instantiate import build
from gan.keyed_random import KeyedRandom
from gan.losses.elbo import ELBO
from gan.models.autoencoder import AutoEncoder
from gan.types import Batch, Player, Terms
from tests.test_conf import composed, fit

SMALL = {
    "vae": ["model.generator.width=8"],
    "vqvae": ["model.generator.width=16", "model.generator.prior_width=8", "model.generator.prior_depth=2"],
}


@pytest.fixture(scope="module")
def data() -> ImageDataModule:
    module = build(composed("data.batch_size=16").data)
    assert isinstance(module, ImageDataModule)
    return module


@pytest.fixture(scope="module")
def batch(data: ImageDataModule) -> Batch:
    return data.scale_batch(next(data.batches("test", 32)))


def make(model: str, *options: str) -> Any:
    torch.manual_seed(0)
    return build(composed(f"model={model}", *SMALL[model], *options).model)


def test_the_vaes_decoder_is_dcgans_generator() -> None:
    assert plain(composed("model=vae").model.generator) == plain(composed("model=dcgan").model.generator)


@pytest.mark.parametrize("model", SMALL)
def test_training_improves_reconstructions(model: str, batch: Batch, tmp_path: Path) -> None:
    before = make(model)
    config = composed(f"model={model}", "data.batch_size=16", *SMALL[model])
    torch.manual_seed(0)
    after: Any = fit(config, tmp_path, max_steps=40)
    rng = KeyedRandom(0, total=32)
    assert isinstance(after, AutoEncoder)
    assert after.score(batch, rng)["elbo"] > before.score(batch, rng)["elbo"] + 50
    errors = [(m.reconstruct(batch.real) - batch.real).square().mean() for m in (before, after)]
    assert errors[1] < 0.7 * errors[0]


@pytest.mark.parametrize("model", SMALL)
def test_reconstructions_do_not_depend_on_the_batch(model: str, batch: Batch) -> None:
    autoencoder = make(model)
    whole = autoencoder.reconstruct(batch.real)
    assert whole.shape == batch.real.shape
    assert whole.abs().max() <= 1
    assert_close(autoencoder.reconstruct(batch.real[:5]), whole[:5])
    assert autoencoder.encoder.training, "the mode is restored"
    assert autoencoder.generator.training


def test_latents_are_drawn_from_the_posterior() -> None:
    """If the posterior is N(0, I), the KL divergence is zero, and z is the noise."""
    model, images = make("vae"), torch.zeros(4, 1, 28, 28)
    with torch.no_grad():
        model.encoder.head.weight.zero_()
        model.encoder.head.bias.zero_()
    terms, _ = model.loss_terms(Batch(images, torch.zeros(4, dtype=torch.long)), KeyedRandom(3, total=4))
    assert terms["kl"] == 0
    expected = model.objective(
        images, model.generator(model.sample_latent(KeyedRandom(3, total=4))), model.encoder(images)
    )
    assert_close(terms["reconstruction"], expected[0]["reconstruction"])


def test_the_priors_term_trains_the_prior_alone(batch: Batch) -> None:
    model = make("vqvae")
    terms, _ = model.loss_terms(batch, KeyedRandom(0, total=32))
    terms["prior"].backward(retain_graph=True)
    trained = {name.split(".")[0] for name, p in model.generator.named_parameters() if p.grad is not None}
    assert trained == {"prior"}
    assert all(p.grad is None for p in model.encoder.parameters())
    model.zero_grad()
    sum(term for name, term in terms.items() if name != "prior").backward()
    assert all(p.grad is None for p in model.generator.prior.parameters())
    assert all(p.grad is not None for p in model.encoder.parameters())


@pytest.mark.parametrize("batch_size", [100, 300])
def test_the_samples_of_a_seed_do_not_depend_on_the_batch_size(batch_size: int) -> None:
    model = make("vqvae")
    whole = model.sample(300, seed=3)
    assert_close(model.sample(300, seed=3, batch_size=batch_size), whole)
    assert len(whole.flatten(1).unique(dim=0)) == 300


@pytest.mark.parametrize(
    ("model", "option", "message"),
    [
        ("vae", "model.latent=uniform", "normal"),
        ("vae", "data.image_size=30", "nearest sizes"),
        ("vqvae", "model.latent=normal", "uniform"),
        ("vqvae", "model.latent_dim=50", r"set model\.latent_dim=49"),
        ("vqvae", "model.generator.halvings=3", "cannot be halved 3 times"),
    ],
)
def test_options_that_do_not_fit_are_rejected(model: str, option: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        make(model, option)


def test_codes_cannot_be_truncated() -> None:
    with pytest.raises(UserError, match="truncation has no meaning"):
        list(make("vqvae").iterate_samples(range(2), truncation=0.5))


class CountingELBO(ELBO):
    """Bound that keeps the divergence of each step."""

    divergences: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("divergences", torch.zeros(0))

    def after_step(self, player: Player, values: Terms) -> None:
        assert player == "generator"
        self.divergences = torch.cat([self.divergences, values["kl"][None]])


def test_the_loss_of_an_autoencoder_is_told_of_each_step_once(tmp_path: Path) -> None:
    config = composed("model=vae", "data.batch_size=16", "model.accumulate=2", *SMALL["vae"])
    config.loss = {"_target_": f"{__name__}.CountingELBO"}
    trained = fit(config, tmp_path)
    assert len(trained.state_dict()["objective.divergences"]) == 2
