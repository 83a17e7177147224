"""Vectors of words: a stand-in's give the distance of its means; the package's tell near lines from far ones."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from gan.data.gaussians import Ring
from gan.data.text import Text
from gan.errors import UserError
from gan.features.word_vectors import LineEncoder, WordLlama
from gan.metrics.evaluator import Evaluator
from gan.metrics.frechet import Frechet


def write(folder: Path, train: Sequence[str], test: Sequence[str]) -> str:
    for name, lines in (("train", train), ("test", test)):
        (folder / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines))
    return str(folder)


class Lengths:
    """The number of characters, and of words, in place of an encoder's vector."""

    def embed(self, texts: Sequence[str]) -> Any:
        return np.array([[len(line), len(line.split())] for line in texts], dtype=np.float32)


class StandIn(WordLlama):
    name, num_features = "stand_in", 2

    def load(self) -> LineEncoder:
        return Lengths()


def test_distance_between_lines_in_the_features_of_a_stand_in(tmp_path: Path) -> None:
    data = Text(write(tmp_path, ["a b", "a b", "bb a", "a bb"] * 5, ["bb a a", "a b bb"]))
    tokens = data.load("train").tokens
    assert StandIn(data)(tokens).vectors[:3].tolist() == [[3, 2], [3, 2], [4, 2]]
    assert StandIn(data)(torch.zeros(2, 3, dtype=torch.long)).vectors.tolist() == [[0, 0]] * 2, "empty lines"
    evaluator = Evaluator(StandIn, {"frechet": Frechet()}, num_samples=20, split="train", cache=str(tmp_path / "cache"))
    prepared = evaluator.prepare(data, torch.device("cpu"))
    assert prepared.name == "fd_stand_in"
    same = [batch.as_samples() for batch in data.batches("train")]
    assert prepared(same)["fd_stand_in"] == pytest.approx(0, abs=1e-6)
    rows = tokens.new_tensor([data.encode("bb a a"), data.encode("a b bb")] * 10)
    others = [batch._replace(images=rows) for batch in same]
    assert prepared(others)["fd_stand_in"] > 2.5**2, "the means differ by 2.5 characters and by a word"


def test_near_lines_have_near_vectors(tmp_path: Path) -> None:
    pytest.importorskip("wordllama")
    lines = ["a cat sleeps", "a kitten sleeps", "the stock market fell"]
    data = Text(write(tmp_path, lines, lines))
    features = WordLlama(data)
    cat, kitten, market = features(data.load("train").tokens).vectors
    assert_close(torch.tensor(cat.shape), torch.tensor([features.num_features]))
    similarity = torch.nn.functional.cosine_similarity
    assert similarity(cat, kitten, 0) > similarity(cat, market, 0) + 0.2
    assert features.protocol["features"] == "wordllama"


def test_other_data_and_missing_packages_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="takes text, and Ring has points"):
        WordLlama(Ring(num_classes=8, image_size=1, channels=2))
    monkeypatch.setitem(sys.modules, "wordllama", None)
    with pytest.raises(UserError, match=r"pip install -e '.\[wordllama\]'"):
        WordLlama(Text(write(tmp_path, ["a"], ["a"])))
