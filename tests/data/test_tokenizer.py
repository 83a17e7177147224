"""Tokenizers: lines become tokens and lines again; files that do not fit are refused in one line."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from gan.data.text import Text
from gan.data.tokenizer import open_tokenizer
from gan.errors import UserError

LINES = ["a cat sat on the mat", "the cats sat", "a mat"] * 4


def subwords(folder: Path) -> Path:
    """Write a byte-level BPE, learned of a few lines."""
    tokenizers = pytest.importorskip("tokenizers")
    bpe = tokenizers.Tokenizer(tokenizers.models.BPE())
    bpe.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel()
    bpe.decoder = tokenizers.decoders.ByteLevel()
    bpe.post_processor = tokenizers.processors.TemplateProcessing("[S] $A", special_tokens=[("[S]", 0)])
    bpe.train_from_iterator(LINES, tokenizers.trainers.BpeTrainer(vocab_size=24, show_progress=False))
    bpe.save(str(folder / "bpe.json"))
    return folder / "bpe.json"


def text(folder: Path, file: Path, **settings: Any) -> Text:
    (folder / "train.txt").write_text("".join(f"{line}\n" for line in LINES))
    (folder / "test.txt").write_text("a cat sat\na mat\n")
    return Text(str(folder), tokens=str(file), **settings)


@pytest.mark.parametrize("kind", ["words", "characters"])
def test_lines_of_words_and_characters_come_back(kind: str) -> None:
    tokenizer = open_tokenizer(kind)
    assert tokenizer.join(tokenizer.split(LINES[0])) == LINES[0]
    assert tokenizer.decoder == ""


def test_subwords_of_a_file_become_lines_again(tmp_path: Path) -> None:
    data = text(tmp_path, subwords(tmp_path))
    tokens = data.load("train").tokens
    assert data.lines(tokens) == LINES
    assert 1 < (tokens[0] > 0).sum() < len(LINES[0]), "neither one token nor characters"
    assert "[S]" not in data.symbols
    assert data.lines(tokens.new_tensor([data.encode("the mat")])) == ["the mat"]


def test_unknown_tokens_of_a_file_are_unknown_ones(tmp_path: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    known = {word: number for number, word in enumerate(["[UNK]", "a", "the", "cat", "mat", "sat", "on"])}
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel(known, unk_token="[UNK]"))
    words.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    words.save(str(tmp_path / "words.json"))
    for settings in ({}, {"min_count": 2}):
        data = text(tmp_path, tmp_path / "words.json", **settings)
        assert data.vocabulary.split().count("<unknown>") == 1
        assert "[UNK]" not in data.symbols
        assert data.unknown == 1
        assert data.lines(data.load("train").tokens)[1] == "the <unknown> sat"
        with pytest.raises(UserError, match=r"data\.tokens=.*words\.json does not know all of 'the dog'"):
            data.encode("the dog")


def test_recorded_values_make_lines_without_the_file(tmp_path: Path) -> None:
    found = text(tmp_path, subwords(tmp_path))
    tokens = found.load("test").tokens
    (tmp_path / "bpe.json").unlink()
    recorded = {"vocabulary": found.vocabulary, "decoder": found.decoder, "length": found.length}
    again = Text(str(tmp_path / "gone"), tokens=str(tmp_path / "bpe.json"), **recorded)
    assert again.lines(tokens) == ["a cat sat", "a mat"]
    assert "$" not in found.decoder
    with pytest.raises(UserError, match=r"there is no .*bpe\.json"):
        again.encode("a cat")


def test_a_file_without_decoder_has_words(tmp_path: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"a": 0, "mat": 1, "?": 2}, unk_token="?"))
    words.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    words.save(str(tmp_path / "words.json"))
    tokenizer = open_tokenizer(str(tmp_path / "words.json"))
    assert tokenizer.join(tokenizer.split("a mat cat")) == "a mat <unknown>"


def test_what_does_not_fit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"data\.tokens=wrods: name words, characters, or FILE\.json"):
        open_tokenizer("wrods")
    (tmp_path / "broken.json").write_text(json.dumps({"model": 1}))
    with pytest.raises(UserError, match=r"broken\.json is no file of tokenizers"):
        open_tokenizer(str(tmp_path / "broken.json"))
    with pytest.raises(UserError, match=r"data\.decoder is none"):
        open_tokenizer(str(tmp_path / "broken.json"), '{"type": "magic"}').join(["a"])
    file = subwords(tmp_path)
    spaced = json.loads(file.read_text())
    spaced["pre_tokenizer"] = None
    spaced["model"] = {"type": "WordLevel", "vocab": {"a mat": 0, "?": 1}, "unk_token": "?"}
    file.write_text(json.dumps(spaced))
    with pytest.raises(UserError, match="has the token 'a mat', which no vocabulary holds"):
        open_tokenizer(str(file)).split("a mat")
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(UserError, match=r"pip install -e '.\[tokenizers\]'"):
        open_tokenizer(str(file))
