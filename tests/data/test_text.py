"""Lines of text: vocabulary, padding, splits, the grammar, and messages about lines that do not fit."""

from pathlib import Path

import pytest
import torch

from gan.data.grammar import sentences
from gan.data.text import Text
from gan.errors import UserError
from gan.types import Batch


def write(folder: Path, train: str, test: str | None = "a cat\n") -> str:
    (folder / "train.txt").write_text(train, encoding="utf-8")
    if test is not None:
        (folder / "test.txt").write_text(test, encoding="utf-8")
    return str(folder)


def test_words_become_tokens_and_lines_again(tmp_path: Path) -> None:
    data = Text(write(tmp_path, "a cat sat.\na dog\n", "a cat\ndog sat\n"))
    assert data.vocabulary == "a . cat dog sat"
    assert (data.vocabulary_size, data.length) == (6, 4)
    train = data.split("train").__getitems__([0, 1]).real
    assert train.tolist() == [[1, 3, 5, 2], [1, 4, 0, 0]]
    assert data.lines(train) == ["a cat sat .", "a dog"]
    batch = data.scale_batch(Batch(train, torch.zeros(2)))
    assert batch.real.shape == (2, *data.output_shape)
    assert torch.equal(data.discretize(batch.real), train)
    assert data.lines_of(batch.real) == ["a cat sat .", "a dog"]


def test_characters_keep_spaces_and_hold_no_reference(tmp_path: Path) -> None:
    data = Text(write(tmp_path, "a {b\n$x y\n", "a b\n"), tokens="characters")
    assert "${" not in data.vocabulary
    assert data.lines(data.load("test").tokens) == ["a b"]
    assert data.lines(data.load("train").tokens) == ["a {b", "$x y"]


def test_recorded_values_need_no_file(tmp_path: Path) -> None:
    found = Text(write(tmp_path, "a cat sat\n"))
    again = Text(str(tmp_path / "gone"), vocabulary=found.vocabulary, vocabulary_size=4, length=3)
    assert again.lines(torch.tensor([[1, 3, 0]])) == found.lines(torch.tensor([[1, 3, 0]]))
    assert again.encode("cat a") == [2, 1]


def test_rare_words_become_an_unknown_one(tmp_path: Path) -> None:
    data = Text(write(tmp_path, "a cat\na dog\na cat\n", "a bird\n"), min_count=2)
    assert data.vocabulary == "<unknown> a cat"
    assert data.lines(data.load("train").tokens) == ["a cat", "a <unknown>", "a cat"]
    assert data.lines(data.load("test").tokens) == ["a <unknown>"]
    with pytest.raises(UserError, match="'bird' is not in the vocabulary of 3 words"):  # of a user, who means it
        data.encode("a bird")
    assert data.encode("a bird", replace=True) == [2, 1]


def test_a_share_is_held_out_without_test_file(tmp_path: Path) -> None:
    data = Text(write(tmp_path, "".join(f"{word}\n" for word in "abcdefghij" * 3), None), test_share=0.2)
    assert (len(data.split("train")), len(data.split("test"))) == (24, 6)


def test_equal_numbers_of_other_words_are_other_data(tmp_path: Path) -> None:
    cats, dogs = Text(write(tmp_path, "a cat\na\n")), Text(write(tmp_path, "a dog\na\n", "a dog\n"))
    assert torch.equal(cats.split("train").__getitems__([0, 1]).real, dogs.split("train").__getitems__([0, 1]).real)
    assert cats.fingerprint("train") != dogs.fingerprint("train")


def test_the_default_text_is_made_of_different_sentences() -> None:
    data = Text()
    train, test = (data.lines(data.load(split).tokens) for split in ("train", "test"))
    assert (len(set(train)), len(set(test)), len(set(train) & set(test))) == (5000, 1000, 0)
    for line in train[:200]:
        subject, verb = (
            line.split()[0],
            [word for word in line.split() if word.rstrip("es") in ("sing", "walk", "hold")],
        )
        assert all(word.endswith("s") == (subject in ("a", "the")) for word in verb), line
    assert sentences(3) == sentences(3)


@pytest.mark.parametrize(
    ("train", "test", "settings", "message"),
    [
        ("a cat\n\na dog\n", "a\n", {}, r"train\.txt:2 is empty; data\.on_error=skip"),
        ("a cat\n", "a bird\n", {}, r"test\.txt:1 has 'bird', which no training line has: data\.min_count=2"),
        (
            "".join(f"w{number}\n" for number in range(10)),
            None,
            {},
            r"^the held-out line .*train\.txt:\d+ has 'w\d', which no training line has",
        ),
        ("a cat\n", "a\n", {"vocabulary": "a"}, r"train\.txt:1 has 'cat', which data\.vocabulary lacks"),
        ("a cat\n", "a\n", {"length": 1}, r"train\.txt:1 has 2 words, more than data\.length=1"),
        ("", "a\n", {}, r"train\.txt has no lines"),
        ("a\n", None, {}, r"train\.txt has 1 lines, too few"),
        ("a cat\n", "a\n", {"vocabulary_size": 9}, r"vocabulary_size=9, but the vocabulary has 3 tokens"),
        (
            "a cat\n",
            "a bird\n",
            {"on_error": "skip"},
            r"no line of the test split fits .* data\.min_count=2 keeps lines",
        ),
        (
            "a cat\n",
            "a\na bird\n",
            {"on_error": "skip"},
            r"1 line of the test .* needed: data\.min_count=2 keeps lines",
        ),
        ("a\n", "a\na cat\n", {"on_error": "skip", "min_count": 2, "length": 1}, r"are needed: raise data\.length"),
    ],
)
def test_lines_that_do_not_fit_are_named(
    train: str, test: str | None, settings: dict[str, object], message: str, tmp_path: Path
) -> None:
    folder = write(tmp_path, train, test)

    def load() -> None:
        data = Text(folder, **settings)
        data.load("train")
        data.load("test")

    with pytest.raises(UserError, match=message) as caught:
        load()
    assert "\n" not in str(caught.value)


def test_lines_that_do_not_fit_can_be_skipped(tmp_path: Path) -> None:
    data = Text(write(tmp_path, "a cat\n\na cat\na cat sat on\n", "a cat\na bird\na\n"), on_error="skip", length=2)
    assert (len(data.load("train")), len(data.load("test"))) == (2, 2)


def test_files_that_are_missing_or_no_text_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no .*train\.txt"):
        Text(str(tmp_path))
    (tmp_path / "train.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="cannot be read as UTF-8"):
        Text(str(tmp_path))
    with pytest.raises(UserError, match=r"data\.root=.*train\.txt is a file: name a folder with train\.txt, and with"):
        Text(str(tmp_path / "train.txt"))
    (tmp_path / "folder" / "train.txt").mkdir(parents=True)
    with pytest.raises(UserError, match=r"data\.root: .*train\.txt cannot be read as UTF-8 text \(Is a directory\)"):
        Text(str(tmp_path / "folder"))


def test_text_has_no_picture_and_unknown_words_no_token() -> None:
    data = Text()
    with pytest.raises(UserError, match="text and no picture"):
        data.picture(torch.zeros(1))
    with pytest.raises(UserError, match="'zebra' is not in the vocabulary"):
        data.encode("a zebra")
    hint = r"'dogg' is not in the vocabulary of \d+ words, data\.vocabulary in config\.yaml; did you mean 'dog'"
    with pytest.raises(UserError, match=hint):
        data.encode("a dogg")
    assert data.noise(4, torch.Generator()).shape == (4, data.length)
