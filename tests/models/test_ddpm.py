"""DDPM: the forward process and DDIM against closed forms, training, and samples of a seed."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from gan.errors import UserError
from gan.instantiate import build
from gan.keyed_random import KeyedRandom
from gan.losses.denoising import Denoising
from gan.models.ddpm import Generator, signal_shares
from gan.types import Batch
from tests.test_conf import composed, fit

SMALL = ["model.generator.network.width=8", "model.generator.steps=4"]
SHAPE = (1, 4, 4)
IMAGES = torch.rand(5, *SHAPE, generator=torch.Generator().manual_seed(0)) * 1.8 - 0.9


class Oracle(nn.Module):
    """Exact noise in noisy versions of known images."""

    def __init__(self, images: Tensor, signal: Tensor) -> None:
        super().__init__()
        self.images, self.signal = images, signal
        self.visited: list[int] = []

    def forward(self, noisy: Tensor, steps: Tensor) -> Tensor:
        (step,) = set(steps.tolist())
        self.visited.append(step)
        signal = self.signal[step]
        return (noisy - signal.sqrt() * self.images) / (1 - signal).sqrt()


class GaussianScore(nn.Module):
    """Expected noise if images are from N(0, variance)."""

    def __init__(self, variance: float, signal: Tensor) -> None:
        super().__init__()
        self.variance, self.signal = variance, signal

    def forward(self, noisy: Tensor, steps: Tensor) -> Tensor:
        signal = self.signal[steps][:, None, None, None]
        return (1 - signal).sqrt() * noisy / (signal * self.variance + 1 - signal)


def make(*options: str) -> Any:
    torch.manual_seed(0)
    model = build(composed("model=ddpm", *SMALL, *options).model)
    nn.init.normal_(model.generator.network.last[2].weight, std=0.02)  # zero at first, which predicts no noise
    return model


def test_the_signals_share_is_the_product_of_what_each_step_leaves() -> None:
    shares = signal_shares(3, 0.1, 0.3)
    assert_close(shares, torch.tensor([0.9, 0.9 * 0.8, 0.9 * 0.8 * 0.7]))
    paper = signal_shares(1000, 1e-4, 0.02)
    assert_close(float(paper[0]), 0.9999, rtol=1e-6, atol=0)
    assert_close(float(paper[-1]), 4.04e-5, rtol=1e-2, atol=0)


def test_adding_noise_step_by_step_gives_the_closed_form() -> None:
    """After all steps, mean and variance are those of q(x_t | x_0)."""
    generator = Generator(SHAPE, nn.Identity(), noise_steps=6, first_variance=0.05, last_variance=0.4, steps=6)
    variances = torch.linspace(0.05, 0.4, 6)
    mean, variance = torch.ones(()), torch.zeros(())
    for step, beta in enumerate(variances):
        mean, variance = (1 - beta).sqrt() * mean, (1 - beta) * variance + beta
        steps = torch.full((5,), step)
        assert_close(generator.add_noise(IMAGES, torch.zeros_like(IMAGES), steps), mean * IMAGES)
        noise = torch.ones_like(IMAGES)
        assert_close(generator.add_noise(torch.zeros_like(IMAGES), noise, steps), variance.sqrt() * noise)


@pytest.mark.parametrize("steps", [1, 2, 7, 50])
def test_ddim_with_the_exact_noise_returns_the_image(steps: int) -> None:
    signal = signal_shares(50, 1e-3, 0.2)
    oracle = Oracle(IMAGES, signal)
    generator = Generator(SHAPE, oracle, noise_steps=50, first_variance=1e-3, last_variance=0.2, steps=steps)
    noise = torch.randn(5, 16, generator=torch.Generator().manual_seed(1))
    assert_close(generator(noise), IMAGES, rtol=1e-3, atol=1e-4)
    assert oracle.visited == generator.sampling_steps()


def test_ddim_visits_evenly_spaced_steps_from_the_last_one() -> None:
    def visited(steps: int) -> list[int]:
        return Generator(SHAPE, nn.Identity(), noise_steps=100, steps=steps).sampling_steps()

    assert visited(1) == [99]
    assert visited(4) == [99, 74, 49, 24]
    assert visited(3) == [99, 65, 32]
    assert visited(100) == list(range(99, -1, -1))


def test_ddim_maps_noise_to_a_gaussian() -> None:
    """With the exact expectation and many steps, the map from z to x is linear, with the deviation as its slope."""
    signal = signal_shares(1000, 1e-4, 0.02)
    generator = Generator(SHAPE, GaussianScore(0.2**2, signal), steps=1000)
    z = torch.linspace(-2, 2, 16)[None]
    assert_close(generator(z).flatten(1), 0.2 * z, rtol=0.03, atol=1e-3)


def test_the_step_of_noise_is_drawn_for_each_image() -> None:
    model = make()
    seen: list[tuple[Tensor, Tensor]] = []

    class Recorder(nn.Module):
        def forward(self, noisy: Tensor, steps: Tensor) -> Tensor:
            seen.append((noisy, steps))
            return torch.zeros_like(noisy)

    model.generator.network = Recorder()
    images = torch.rand(2000, 1, 28, 28) * 2 - 1
    terms, _ = model.loss_terms(Batch(images, torch.zeros(2000, dtype=torch.long)), KeyedRandom(3, total=2000))
    ((noisy, steps),) = seen
    rng = KeyedRandom(3, total=2000)
    assert torch.equal(steps, (1000 * rng.uniform()).long())
    noise = rng.normal(1, 28, 28)
    assert_close(noisy, model.generator.add_noise(images, noise, steps))
    assert_close(terms["noise"], noise.square().mean())
    assert steps.min() < 10
    assert steps.max() > 990
    assert abs(float(steps.float().mean()) - 499.5) < 25


def test_training_improves_the_prediction(tmp_path: Path) -> None:
    config = composed("model=ddpm", "data.batch_size=16", *SMALL)
    torch.manual_seed(0)
    model: Any = fit(config, tmp_path, max_steps=40)
    images = torch.full((16, 1, 28, 28), -1.0)
    terms, _ = model.loss_terms(Batch(images, torch.zeros(16, dtype=torch.long)), KeyedRandom(0, total=16))
    assert terms["noise"] < 0.8


@pytest.mark.parametrize("batch_size", [100, 300])
def test_the_samples_of_a_seed_do_not_depend_on_the_batch_size(batch_size: int) -> None:
    model = make()
    whole = model.sample(300, seed=3)
    assert_close(model.sample(300, seed=3, batch_size=batch_size), whole, rtol=1e-3, atol=1e-4)
    assert len(whole.flatten(1).unique(dim=0)) == 300
    assert whole.abs().max() <= 1


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("model.latent=uniform", "normal"),
        ("model.latent_dim=100", r"set model\.latent_dim=784"),
        ("data.image_size=30", "lower patch or halvings"),
        ("model.generator.steps=1000 model.generator.noise_steps=10", "lower steps"),
        ("loss=elbo", "needs its own loss, not ELBO"),
        ("augment=diffaug", "augment=none"),
    ],
)
def test_options_that_do_not_fit_are_rejected(option: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        build(composed("model=ddpm", *SMALL, *option.split()).model)


def test_other_models_refuse_the_loss_by_name() -> None:
    assert isinstance(build(composed("model=ddpm").model).objective, Denoising)
    with pytest.raises(UserError, match="Denoising"):
        build(composed("model=vae", "loss=denoising").model)
