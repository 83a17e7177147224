"""CycleGAN: two discriminators, two pools, cycles in both directions, and samples that are translations."""

from functools import partial
from typing import Any

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from gan.errors import UserError
from gan.keyed_random import KeyedRandom
from gan.losses.adversarial import LeastSquares
from gan.losses.cycle import CycleConsistency, Identity
from gan.losses.objective import Objective
from gan.models.cyclegan import CycleGAN, Translators
from gan.models.replay import Replay
from gan.nn.patch_discriminator import PatchDiscriminator
from gan.types import Batch, Request

SHAPE = (1, 8, 8)


class Scale(nn.Module):
    """Network that multiplies an image."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.factor * images


def cyclegan(forth: float = 0.5, back: float = 4.0, **settings: Any) -> CycleGAN:
    torch.manual_seed(0)
    adam = partial(torch.optim.Adam, lr=1e-2)
    of_target, of_source = (PatchDiscriminator(SHAPE, width=2, n_layers=1, norm="none") for _ in range(2))
    terms = {"cycle": CycleConsistency(weight=1.0), "identity": Identity(weight=1.0)}
    return CycleGAN(
        source_discriminator=of_source,
        generator=Translators(Scale(forth), Scale(back)),
        discriminator=of_target,
        objective=Objective(LeastSquares(), generator_regularizers=terms),
        optimizer={"generator": adam, "discriminator": adam},
        latent_dim=0,
        **settings,
    )


def batch(number: int = 6) -> Batch:
    rng = torch.Generator().manual_seed(1)
    real, source = (torch.rand(number, *SHAPE, generator=rng) for _ in range(2))
    return Batch(real, torch.zeros(number, dtype=torch.long), source)


def test_terms_of_both_games_and_both_cycles() -> None:
    model, data = cyclegan(), batch()
    terms, _ = model.generator_loss(data, KeyedRandom(0, total=6))
    assert set(terms) == {"adversarial", "source_adversarial", "cycle", "identity"}
    source, target = data.condition, data.real
    assert isinstance(source, torch.Tensor)
    assert_close(terms["cycle"], (0.5 * 4 * source - source).mean() + (4 * 0.5 * target - target).mean())
    assert_close(terms["identity"], (target - 0.5 * target).mean() + (4 * source - source).mean())
    logits = model.source_discriminator(4 * target).logits
    assert_close(terms["source_adversarial"], (logits - 1).square().mean() / 2)


def test_each_discriminator_sees_its_own_kind() -> None:
    model, data = cyclegan(), batch()
    with torch.no_grad():
        g_pass = model.generator_pass("discriminator", data, KeyedRandom(0, total=6))
    passes = model.discriminator_passes(g_pass)
    assert isinstance(data.condition, torch.Tensor)
    assert_close(passes[""].real, data.real)
    assert_close(passes[""].fake, 0.5 * data.condition)
    assert_close(passes["source"].real, data.condition)
    assert_close(passes["source"].fake, 4 * data.real)


def test_each_discriminator_has_a_pool() -> None:
    model = cyclegan(replay=Replay(size=4))
    assert isinstance(model.replay, Replay)
    assert isinstance(model.source_replay, Replay)
    for _ in range(3):
        with torch.no_grad():
            g_pass = model.generator_pass("discriminator", batch(), KeyedRandom(0, total=6))
        model.discriminator_passes(g_pass)
        for pool in (model.replay, model.source_replay):
            pool.after_step()
    assert model.replay.pool.max() <= 0.5 < model.source_replay.pool.max()


def test_samples_are_translations_of_the_requested_images() -> None:
    model, source = cyclegan(), batch(5).condition
    assert isinstance(source, torch.Tensor)
    samples = model.sample(5, use_ema=False, requests=lambda indices: Request(source[indices.start : indices.stop]))
    assert_close(samples, 0.5 * source)


def test_identity_needs_equal_channels() -> None:
    model, data = cyclegan(), batch()
    g_pass = model.generator_pass(
        "generator", data._replace(real=data.real.expand(-1, 3, -1, -1)), KeyedRandom(0, total=6)
    )
    with pytest.raises(UserError, match="identity=null"):
        model.objective.generator_regularizers["identity"](g_pass)


def test_source_images_of_another_size_are_refused() -> None:
    model = cyclegan()
    model.generator.a_to_b.__dict__["source_shape"] = (1, 4, 4)
    with pytest.raises(UserError, match=r"CycleGAN takes source images of 1x4x4, and the data's are 1x8x8: .*srgan"):
        model.condition_of(batch())
