"""Images from sentences: wrong sentences, matching, ranks, and data that do not fit."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from gan.errors import UserError
from gan.losses.adversarial import Hinge
from gan.losses.matching import matching_loss
from gan.losses.matching_gradient_penalty import MatchingGradientPenalty
from gan.losses.objective import Objective
from gan.models.dfgan import DFGAN, Discriminator, Generator
from gan.models.text_to_image import MatchingPass, mismatched
from gan.nn.sentence_encoder import SentenceEncoder
from gan.types import Batch, DiscriminatorOutput, GeneratorInput
from tests.passes import make_generator_pass, make_pass

TOKENS = torch.tensor([[1, 2], [1, 2], [3, 0], [1, 2]])


def game(**settings: Any) -> DFGAN:
    torch.manual_seed(0)
    words = {"vocabulary_size": 4, "length": 2, "width": 4, "sentence_dim": 8}
    generator = Generator((3, 16, 16), latent_dim=4, **words)
    discriminator = Discriminator((3, 16, 16), **words)
    optimizer: Any = {}
    return DFGAN(generator, discriminator, Objective(Hinge()), optimizer, latent_dim=4, **settings)


def run(model: DFGAN) -> Any:
    batch = Batch(torch.rand(4, 3, 16, 16), torch.zeros(4, dtype=torch.long), TOKENS)
    g_pass = make_generator_pass(model, batch, GeneratorInput(torch.randn(4, 4), condition=TOKENS))
    return model.discriminator_passes(g_pass)[""]


def test_a_wrong_sentence_is_that_of_the_next_row_with_another() -> None:
    assert mismatched(TOKENS).tolist() == [[3, 0], [3, 0], [1, 2], [3, 0]]
    assert mismatched(TOKENS[:2]).tolist() == TOKENS[:2].tolist()


def test_wrong_sentences_share_the_loss_of_fakes() -> None:
    d_pass = run(game())
    assert isinstance(d_pass, MatchingPass)
    terms = game().discriminator_terms(d_pass)
    assert d_pass.real_output is not None
    real, fake, wrong = d_pass.real_output.logits, d_pass.fake_output.logits, d_pass.mismatched_logits
    expected = (1 - real).relu().mean() + ((1 + fake).relu().mean() + (1 + wrong).relu().mean()) / 2
    assert_close(sum(terms.values()), expected)
    assert "accuracy_mismatched" in game().measures(d_pass)


def test_wrong_sentences_are_judged_on_the_same_images() -> None:
    model = game()
    d_pass = run(model)
    wrong = model.discriminator(d_pass.real, None, mismatched(TOKENS))
    assert_close(d_pass.mismatched_logits, wrong.logits)


def test_weight_zero_leaves_wrong_sentences_out() -> None:
    model = game(mismatched=0.0)
    d_pass = run(model)
    assert not isinstance(d_pass, MatchingPass)
    assert model.discriminator_terms(d_pass).keys() == {"adversarial"}


def test_matching_trains_both_players() -> None:
    model = game(matching=1.0)
    d_pass = run(model)
    assert "matching" in model.discriminator_terms(d_pass)
    model.generator_terms(d_pass)["matching"].backward()
    assert all(parameter.grad is not None for parameter in model.generator.parameters())


def test_matching_is_least_for_the_own_sentence_and_counts_equal_ones_as_one() -> None:
    vectors = torch.eye(3)
    tokens = torch.arange(3)[:, None]
    assert matching_loss(vectors, vectors, tokens) < 1e-3 < matching_loss(vectors, vectors.roll(1, 0), tokens)
    twice = torch.cat([vectors, vectors])
    assert_close(
        matching_loss(twice, twice, torch.cat([tokens, tokens])),
        torch.tensor(2.0).log() + matching_loss(vectors, vectors, tokens),
    )


@pytest.mark.parametrize("settings", [{"accumulate": 2}, {"accumulate": 2, "mismatched": 0.0, "matching": 1.0}])
def test_batches_are_not_accumulated(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="wrong sentences are those of whole ones"):
        game(**settings)
    game(accumulate=2, mismatched=0.0)


@pytest.mark.parametrize("condition", [None, torch.zeros(4, 3, 16, 16)])
def test_other_data_are_named(condition: Tensor | None) -> None:
    batch = Batch(torch.rand(4, 3, 16, 16), torch.zeros(4, dtype=torch.long), condition)
    with pytest.raises(UserError, match="DFGAN generates from sentences, and the data have none"):
        game().condition_of(batch)


def test_sentences_of_another_length_are_named() -> None:
    with pytest.raises(UserError, match="sentences of 2 words"):
        SentenceEncoder(4, 2, 8)(torch.zeros(1, 3, dtype=torch.long))
    with pytest.raises(UserError, match="vectors of 8 numbers"):
        SentenceEncoder(4, 2, 8)(torch.zeros(1, 3))


def test_an_end_does_not_change_a_sentence() -> None:
    encoder = SentenceEncoder(4, 3, 8).eval()
    with torch.no_grad():
        encoder.embedding.weight[0] = 100.0
        long = encoder.encode(torch.tensor([[1, 2, 0]]))
        encoder.embedding.weight[0] = 0.0
        short = encoder.encode(torch.tensor([[1, 2, 0]]))
    assert_close(long.sentence, short.sentence)
    assert long.is_word.tolist() == [[True, True, False]]
    assert_close(long.sentence.square().mean(), torch.tensor(1.0), rtol=1e-3, atol=1e-3)


def test_the_penalty_is_the_power_of_both_gradients() -> None:
    weights, images = torch.tensor([2.0, 1.0]), torch.zeros(3, 2, requires_grad=True)

    def critic(inputs: Tensor) -> DiscriminatorOutput:
        return DiscriminatorOutput(inputs @ weights, inputs)

    output = critic(images)
    d_pass = make_pass(critic, images, images, output, output)
    assert_close(MatchingGradientPenalty(weight=2.0, power=6)(d_pass), torch.tensor(2 * 5.0**3))


def test_the_penalty_includes_the_sentence() -> None:
    model = game()
    images = torch.rand(4, 3, 16, 16)
    d_pass = run(model)
    with_sentence = MatchingGradientPenalty(power=2)(d_pass)
    output = model.discriminator(images := images.requires_grad_(), None, TOKENS)
    (by_image,) = torch.autograd.grad(output.logits.sum(), images)
    assert with_sentence.requires_grad
    assert by_image.isfinite().all()
