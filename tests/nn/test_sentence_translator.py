"""Translator of sentences, the noise of lines, and the discriminator of states."""

import pytest
import torch
from torch.testing import assert_close

from gan.errors import UserError
from gan.keyed_random import KeyedRandom
from gan.nn.sentence_noise import corrupt
from gan.nn.sentence_translator import SOURCE, TARGET, ReversedTranslator, SentenceTranslator, is_used
from gan.nn.state_discriminator import StateDiscriminator

LINES = torch.tensor([[3, 1, 2, 0, 0], [4, 0, 0, 0, 0], [1, 2, 3, 4, 1]])


def translator(**settings: int) -> SentenceTranslator:
    torch.manual_seed(0)
    return SentenceTranslator(5, 5, 8, 6, **settings)


def test_used_tokens_end_with_the_first_end() -> None:
    assert is_used(LINES).sum(1).tolist() == [4, 2, 5]


@pytest.mark.parametrize("depth", [1, 2])
def test_a_line_is_encoded_and_translated_whatever_stands_beside_it(depth: int) -> None:
    network = translator(depth=depth)
    assert (network.encode(LINES, SOURCE) != 0).all(2).equal(is_used(LINES))
    states = network.latent(LINES, SOURCE)
    assert_close(states[1], network.encode(LINES, SOURCE)[1, [0, 1, 0, 1, 0]])
    for row in range(3):
        assert_close(network.latent(LINES[row : row + 1], SOURCE)[0], states[row])
    together, one = network.translate(LINES, SOURCE), network.translate(LINES[1:2], SOURCE)
    assert_close(together[1:2], one)
    assert not (together * ~is_used(together)).any()


def test_the_likeliest_tokens_have_the_least_loss() -> None:
    network = translator()
    likeliest = network.translate(LINES, SOURCE)
    first = network.losses(LINES, SOURCE, likeliest, TARGET)
    assert first.shape == (3,)
    changed = likeliest.clone()
    changed[:, 0] = (changed[:, 0] + 1) % 5
    assert first.isfinite().all()
    wanted = torch.tensor([[2, 0, 0, 0, 0]]).expand(3, -1)
    longer = torch.cat([wanted[:, :2], torch.ones(3, 3, dtype=torch.long)], 1)
    assert_close(network.losses(LINES, SOURCE, wanted, TARGET), network.losses(LINES, SOURCE, longer, TARGET))


def test_directions_and_dictionary() -> None:
    network = SentenceTranslator(5, 5, 8, 6, dictionary=["0 3 4 3 4", "0 1 2 1 2"])
    assert network.word_by_word(LINES[0], SOURCE).tolist() == [3, 3, 4, 0, 0]
    assert network.word_by_word(LINES[0], TARGET).tolist() == [1, 1, 2, 0, 0]
    images = ReversedTranslator(network)(None, None, condition=LINES)
    assert images.argmax(-1).equal(network.translate(LINES, TARGET))
    assert network(None, None, condition=LINES).shape == (3, 5, 5)
    assert "dictionary" not in network.state_dict()


@pytest.mark.parametrize(
    "dictionary", [["0 1 2 3 4"], ["0 1 2 3 5", "0 1 2 3 4"], ["0 1 2 3 4", "0 1 -1 3 4"], ["", "x"]]
)
def test_malformed_dictionaries_are_refused(dictionary: list[str]) -> None:
    with pytest.raises(UserError, match=r"data\.dictionary must be two texts of 5 numbers below 5"):
        SentenceTranslator(5, 5, 8, 6, dictionary=dictionary)


def test_noise_leaves_out_words_and_moves_them_a_little() -> None:
    lines = torch.arange(1, 11).repeat(500, 1)
    lines[:, 8:] = 0
    rng = KeyedRandom(0, total=500)
    moved = corrupt(lines, rng, 0.0, 3.0)
    assert moved.sort(1, descending=True).values.equal(lines.sort(1, descending=True).values)
    distance = (moved[:, :8] - lines[:, :8]).abs()
    assert 0.3 < distance.float().mean() < 2
    assert distance.max() <= 3
    dropped = corrupt(lines, rng, 0.25, 0.0)
    assert abs((dropped > 0).float().sum(1).mean() - 6) < 0.3
    words = [[word for word in row if word] for row in dropped.tolist()]
    assert all(row == sorted(row) for row in words)
    assert all(row[len(kept) :] == [0] * (10 - len(kept)) for row, kept in zip(dropped.tolist(), words, strict=True))
    assert corrupt(lines, rng, 0.0, 0.0).equal(lines)
    assert (corrupt(lines[:, :1], rng, 0.9, 0.0) > 0).all()


def test_each_state_has_a_logit() -> None:
    discriminator = StateDiscriminator(5, width=4, depth=2, input_dropout=0)
    states = torch.randn(3, 7, 6)
    output = discriminator(states)
    assert (output.logits.shape, output.features.shape) == ((3, 7), (3, 4))
    assert discriminator.batch_independent
    assert_close(discriminator(states[:1]).logits, output.logits[:1])
