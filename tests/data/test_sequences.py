"""Sequences: trivial generators, which draw tokens independently."""

from pathlib import Path

import torch
from torch.testing import assert_close

from gan.data.oracle import Oracle
from gan.data.text import Text


def test_unigram_sentences_have_the_frequencies_and_ends_of_the_data(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("a a a a b\na b\n")
    (tmp_path / "test.txt").write_text("a\nb\n")
    data = Text(str(tmp_path))
    tokens = data.unigram(20_000, torch.Generator().manual_seed(0))
    ended = (tokens == 0).cumsum(1)
    assert (tokens[ended > 0] == 0).all()
    drawn = tokens[ended == 0]
    assert_close((drawn == 1).float().mean(), torch.tensor(5 / 7), atol=0.01, rtol=0)
    first_ends = (tokens[:, 0] == 0).float().mean()  # one of the two lines fills its row, and has no end
    assert_close(first_ends, torch.tensor(1 / 8), atol=0.01, rtol=0)


def test_only_an_end_follows_an_end_in_noise(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("a b c\nc b a\n")
    (tmp_path / "test.txt").write_text("a\nb\n")
    tokens = Text(str(tmp_path)).noise(100, torch.Generator().manual_seed(0))
    assert ((tokens == 0).cumsum(1).clamp(max=1) == (tokens == 0)).all()


def test_token_0_ends_no_sequence_of_an_oracle() -> None:
    data = Oracle(vocabulary_size=4, length=6, rows=500)
    drawn = data.drawn_baselines()["unigram"](2000, torch.Generator().manual_seed(0))
    frequencies = data.load("train").tokens.flatten().bincount(minlength=4) / 3000
    assert_close(drawn.flatten().bincount(minlength=4) / 12_000, frequencies, atol=0.03, rtol=0)
