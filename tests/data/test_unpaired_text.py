"""Lines of two languages: made ones, files, their dictionary, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.testing import assert_close

from gan.data.made_translations import renamed, translated
from gan.data.text import Text
from gan.data.unpaired_text import UnpairedText, as_unpaired_text
from gan.errors import UserError
from gan.types import Samples

MADE = UnpairedText(made_sentences=100)


def write(folder: Path, **lines: str) -> dict[str, str]:
    for name, text in lines.items():
        (folder / f"{name}.txt").write_text(text)
    return {f"{name}_path": str(folder / f"{name}.txt") for name in lines}


FILES = {
    "source": "a b c\nb a\nc a b\n",
    "target": "x y\ny z x\nz x\n",
    "source_test": "a c\nb b\n",
    "target_test": "z x\ny y\n",
    "dictionary": "a x\nb y\nc z\na z\nw v\n",
}


def files(folder: Path, **other: str) -> UnpairedText:
    return UnpairedText(**write(folder, **{**FILES, **other}))


def test_made_sentences_have_other_words_in_another_order() -> None:
    assert renamed("dog") == "godo"
    assert translated("two old men find a red ball .").split() == [
        *map(renamed, ["two", "men", "old", "a", "ball", "red", "find"]),
        ".",
    ]


def test_training_rows_have_no_pairs() -> None:
    (batch,) = MADE.batches("train")
    assert isinstance(batch.condition, torch.Tensor)
    sources = {translated(line) for line in MADE.lines(batch.condition)}
    assert len(sources) == batch.size == 100
    assert not sources & {*MADE.lines(batch.real)}


def test_held_out_rows_are_scored_against_their_translations() -> None:
    request = MADE.requests(range(20))
    assert isinstance(request.condition, torch.Tensor)
    assert request.real is not None
    sources = MADE.lines(request.condition)
    assert MADE.lines_of(request.real) == [translated(line) for line in sources]
    assert MADE.sample_lines(Samples(request.real, torch.zeros(20), request.condition))[0] == (
        f"{sources[0]} => {translated(sources[0])}"
    )


def test_trivial_translations() -> None:
    request = MADE.requests(range(20))
    made = {name: MADE.lines_of(make(request)) for name, make in MADE.trivial_baselines().items()}
    sources = MADE.lines_of(torch.nn.functional.one_hot(request.condition, MADE.vocabulary_size))
    assert made["copy"] == sources
    assert made["word_by_word"] == [" ".join(map(renamed, line.split())) for line in sources]


def test_files(tmp_path: Path) -> None:
    data = files(tmp_path)
    assert sorted(data.vocabulary.split()) == list("abcxyz")
    assert data.length == 3
    to_target, to_source = ([data.symbols[int(token)] for token in side.split()] for side in data.dictionary)
    translations = dict(zip(data.symbols, zip(to_target, to_source, strict=True), strict=True))
    assert (translations["a"], translations["z"], translations["x"]) == (("x", "a"), ("z", "c"), ("x", "a"))
    assert data.dictionary[0][0] == data.dictionary[1][0] == "0"
    (batch,) = data.batches("test")
    assert data.lines(batch.condition) == ["a c", "b b"]
    assert data.lines(batch.real) == ["z x", "y y"]
    twin = UnpairedText(
        **{f"{name}_path": str(tmp_path / f"{name}.txt") for name in FILES},
        **{name: getattr(data, name) for name in ("vocabulary", "vocabulary_size", "length", "dictionary")},
    )
    assert twin.fingerprint("test") == data.fingerprint("test")
    assert_close(twin.encode_lines(["a b", ""]), torch.tensor([[*data.encode("a b"), 0], [0, 0, 0]]))


def test_usage_names_the_held_out_file(tmp_path: Path) -> None:
    data = files(tmp_path)
    assert data.usage(True) == ["translate", "--text", str(tmp_path / "source_test.txt")]
    assert data.usage(False)[0] == "sample"
    assert data.example() == "a c"


def test_a_held_out_line_that_does_not_fit_leaves_with_its_translation(tmp_path: Path) -> None:
    data = UnpairedText(
        **write(tmp_path, **FILES | {"source_test": "a\nq\nb\nc\n", "target_test": "x\ny\nx x x x\nz\n"}),
        on_error="skip",
        length=3,
    )
    (batch,) = data.batches("test")
    assert (data.lines(batch.condition), data.lines(batch.real)) == (["a", "c"], ["x", "z"])


@pytest.mark.parametrize(
    ("lines", "settings", "message"),
    [
        (
            {"source_test": "a q\nb\n"},
            {},
            r"^the held-out line .*source_test\.txt:1 has 'q', which no training line has",
        ),
        (
            {"source_test": "a q\nb\n"},
            {"on_error": "skip"},
            r"1 line of the test split .* data\.min_count=2 keeps lines",
        ),
        ({"source_test": "a\n"}, {}, "has 1 lines and .* has 2: they must be translations"),
        ({"dictionary": "w v\n"}, {}, r"data\.dictionary_path: .* has no pair of words of the lines"),
        ({"target": ""}, {}, "has no lines"),
        ({}, {"target_test_path": None}, r"data\.target_test_path is missing: name all four"),
        ({}, {"dictionary": ["0", "x"]}, r"data\.dictionary must be two texts of 7 numbers below 7"),
        ({}, {"root": "x"}, r"data\.root is of data=text"),
        ({}, {"source_path": "/nowhere.txt"}, r"data\.source_path: there is no /nowhere\.txt"),
    ],
)
def test_refused(lines: dict[str, str], settings: dict[str, Any], message: str, tmp_path: Path) -> None:
    paths: dict[str, Any] = write(tmp_path, **{**FILES, **lines})
    with pytest.raises(UserError, match=message):
        UnpairedText(**paths | settings).split("test")


def test_lines_of_a_user_that_do_not_fit() -> None:
    with pytest.raises(UserError, match=r"line 2, .* more than the"):
        MADE.encode_lines(["a cat .", 50 * "a "])
    assert UnpairedText(made_sentences=3, min_count=99).encode_lines(["a zebra"])[0, :3].tolist() == [1, 1, 0]
    with pytest.raises(UserError, match="'zebra' is not in the vocabulary"):
        MADE.encode_lines(["a zebra"])
    with pytest.raises(UserError, match="this test needs lines of two languages, as in data=unpaired_text, and Text"):
        as_unpaired_text(Text(vocabulary="a", length=2), "this test")
