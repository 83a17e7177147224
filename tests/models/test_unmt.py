"""UNMT: its losses, what D sees, and a small game that learns an order of words without pairs."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from sacrebleu.metrics import BLEU
from torch.testing import assert_close

from gan.data.unpaired_text import as_unpaired_text
from gan.instantiate import build
from gan.models.unmt import UNMT, lines_of
from gan.nn.sentence_translator import SOURCE, TARGET
from gan.types import Batch, GeneratorPass
from tests.passes import make_generator_pass
from tests.test_conf import composed, data_of, fit

SMALL = ["model=unmt", "data.made_sentences=200", "data.batch_size=8"]
SMALL += ["model.generator.width=16", "model.generator.embedding=8"]


def game(*options: str) -> tuple[UNMT, GeneratorPass]:
    config = composed(*SMALL, *options)
    data = data_of(config)
    batch: Batch = data.scale_batch(next(data.batches("train", 6)))
    torch.manual_seed(0)
    model = build(config.model)
    assert isinstance(model, UNMT)
    rng_pass = make_generator_pass(model, batch, model.draw_generator_input(batch, None))
    return model, replace(rng_pass, player="generator")


def test_the_discriminator_sees_states_of_both_languages() -> None:
    model, g_pass = game("model.discriminator.input_dropout=0")
    source, target = lines_of(g_pass.batch)
    d_pass = model.discriminate(g_pass)
    assert_close(
        (d_pass.real, d_pass.fake), (model.generator.latent(target, TARGET), model.generator.latent(source, SOURCE))
    )
    assert d_pass.fake.requires_grad
    assert not model.discriminate(replace(g_pass, player="discriminator")).fake.requires_grad
    assert_close(d_pass.fake_output.logits, model.discriminator(d_pass.fake).logits)


def test_terms_and_their_weights() -> None:
    model, g_pass = game("model.phases=[]")
    terms = model.generator_only_terms(replace(g_pass, rng=g_pass.rng.clone()))
    assert list(terms) == ["denoising_source", "denoising_target", "back_source", "back_target"]
    model.denoising, model.back_translation = 0.5, 0.0
    halved = model.generator_only_terms(replace(g_pass, rng=g_pass.rng.clone()))
    assert_close(halved["denoising_target"], terms["denoising_target"] / 2)
    assert halved["back_source"] == 0
    d_pass = model.discriminate(g_pass)
    before = model.generator_terms(d_pass)
    model.adversarial = 3.0
    assert_close(model.generator_terms(d_pass), {name: 3 * value for name, value in before.items()})


def test_translations_are_word_by_word_before_the_game() -> None:
    model, g_pass = game("model.word_drop=0", "model.shuffle=0")
    source, target = lines_of(g_pass.batch)
    network = model.generator
    before = model.generator_only_terms(g_pass)["back_source"]
    assert_close(before, network.losses(network.word_by_word(source, SOURCE), TARGET, source, SOURCE).mean())
    model.phases = ()
    after = model.generator_only_terms(g_pass)
    own = network.translate(source, SOURCE), network.translate(target, TARGET)
    assert_close(after["back_source"], network.losses(own[0], TARGET, source, SOURCE).mean())
    assert_close(after["back_target"], network.losses(own[1], SOURCE, target, TARGET).mean())


@pytest.mark.long
def test_the_game_learns_the_order_of_words(tmp_path: Path) -> None:
    config = composed("model=unmt", "model.phases.0.steps=350")
    data = as_unpaired_text(data_of(config), "this test")
    torch.manual_seed(0)
    model = fit(config, tmp_path, max_steps=400)
    request = data.requests(range(200))
    assert request.real is not None
    made = model.sample(200, requests=data.requests), data.trivial_baselines()["word_by_word"](request)
    references = [data.lines_of(request.real)]
    learned, word_by_word = (BLEU().corpus_score(data.lines_of(lines), references).score for lines in made)
    assert learned > word_by_word + 15, (learned, word_by_word)
