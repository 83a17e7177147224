"""StackGAN, AttnGAN and GAN-CLS: sizes, stages, attention to words, and sentences between two."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from gan.keyed_random import KeyedRandom
from gan.losses.adversarial import Hinge
from gan.losses.objective import Objective
from gan.models import attngan, gan_cls, stackgan
from gan.models.multi_scale import Discriminators, half_size
from gan.models.phases import Phase
from gan.nn.word_attention import WordAttention
from gan.types import Batch, GeneratorInput
from tests.models.test_text_to_image import TOKENS
from tests.passes import make_generator_pass

SIZES: dict[str, Any] = {"vocabulary_size": 4, "length": 2, "width": 4, "sentence_dim": 8}


def inputs(noise: dict[str, torch.Tensor] | None = None) -> GeneratorInput:
    return GeneratorInput(torch.randn(4, 4), condition=TOKENS, noise=noise)


def batch(size: int = 32) -> Batch:
    return Batch(torch.rand(4, 3, size, size), torch.zeros(4, dtype=torch.long), TOKENS)


def stacked(**settings: Any) -> stackgan.StackGAN:
    torch.manual_seed(0)
    generator = stackgan.Generator((3, 32, 32), latent_dim=4, **SIZES)
    networks = (generator, Discriminators((3, 32, 32), **SIZES))
    return stackgan.StackGAN(*networks, Objective(Hinge()), {}, latent_dim=4, **settings)


def test_the_second_stage_starts_as_the_first_one_enlarged() -> None:
    generator = stackgan.Generator((3, 32, 32), latent_dim=4, **SIZES)
    nn.init.zeros_(generator.correct.bias)
    output = generator(torch.randn(4, 4), None, TOKENS)
    assert output.extras is not None
    assert_close(output.images[:, :, ::2, ::2], output.extras["half"])


def test_phases_train_the_first_stage_alone() -> None:
    phase = Phase(steps=3, discriminator=True)
    for phases, names in (([phase], ["half"]), ([], ["half", "whole"])):
        model = stacked(phases=phases)
        noise = model.sample_noise(KeyedRandom(0, total=4))
        passes = model.discriminator_passes(make_generator_pass(model, batch(), inputs(noise)))
        assert list(passes) == names
        assert [passes[name].real.shape[-1] for name in names] == [16, 32][: len(names)]
        assert all("mismatched" in model.discriminator_terms(one) for one in passes.values())


def test_conditioning_augmentation_varies_and_is_pulled_to_the_normal_distribution() -> None:
    model = stacked(divergence=2.0)
    z, noise = torch.zeros(4, 4), {"conditioning": torch.randn(4, 8)}
    plain, varied = (model.generator(z, None, TOKENS, noise=drawn).images for drawn in (None, noise))
    assert not torch.equal(plain, varied)
    nn.init.zeros_(model.generator.moments.weight)
    nn.init.zeros_(model.generator.moments.bias)
    terms = model.generator_only_terms(make_generator_pass(model, batch(), inputs(noise)))
    assert terms["divergence"] == 0


def test_an_odd_size_has_no_half() -> None:
    with pytest.raises(ValueError, match="image size 33 does not fit"):
        half_size((3, 33, 33))


def test_places_attend_to_words_alone() -> None:
    attention = WordAttention(2, 3)
    words = torch.randn(1, 2, 3)
    features = torch.randn(1, 2, 4, 4)
    first = attention(features, words, torch.tensor([[True, False]]))
    assert_close(first, attention.project(words[:, 0])[:, :, None, None].expand(1, 2, 4, 4))
    assert attention(features, words, torch.tensor([[False, False]])).isfinite().all()


def test_words_reach_the_larger_image() -> None:
    torch.manual_seed(0)
    generator = attngan.Generator((3, 32, 32), latent_dim=4, **SIZES)
    output = generator(torch.randn(4, 4), None, TOKENS)
    assert output.images.shape == (4, 3, 32, 32)
    output.images.sum().backward()
    assert generator.attention.project.weight.grad is not None
    assert generator.attention.project.weight.grad.abs().sum() > 0


def test_sentences_between_two_train_the_generator() -> None:
    torch.manual_seed(0)
    generator = gan_cls.Generator((3, 16, 16), latent_dim=4, **SIZES)
    discriminator = gan_cls.Discriminator((3, 16, 16), norm="none", **SIZES)
    model = gan_cls.GANCLS(generator, discriminator, Objective(Hinge()), {}, latent_dim=4, interpolated=1.0)
    (d_pass,) = model.discriminator_passes(make_generator_pass(model, batch(16), inputs())).values()
    terms = model.generator_terms(d_pass)
    assert terms.keys() == {"adversarial", "interpolated"}
    terms["interpolated"].backward()
    assert generator.encoder.embedding.weight.grad is not None
    with pytest.raises(ValueError, match="sentences are joined across whole ones"):
        gan_cls.GANCLS(generator, discriminator, Objective(Hinge()), {}, mismatched=0.0, accumulate=2)
