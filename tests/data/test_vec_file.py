"""Files of word vectors and dictionaries: what is read, and one line for each malformed one."""

from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from gan.data.vec_file import read_pairs, read_vectors, write_vectors
from gan.data.word_embedding import WordVectors
from gan.errors import UserError


def test_vectors_are_read_as_they_were_written(tmp_path: Path) -> None:
    language = WordVectors(["the", "Straße", "\u00a0"], torch.randn(3, 4))
    write_vectors(language, path := tmp_path / "a.vec")
    read = read_vectors(path, 10)
    assert read.words == language.words
    assert_close(read.vectors, language.vectors, atol=1e-5, rtol=1e-5)
    assert read_vectors(path, 2).words == ["the", "Straße"]


def test_a_header_is_optional_and_a_word_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "a.vec"
    path.write_text("a 1 2\nb 3 4\na 5 6 \n")
    read = read_vectors(path, 10)
    assert read.words == ["a", "b"]
    assert read.vectors.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2 3\na 1 2 3\nb 1 2\n", r"a\.vec, line 3: the word 'b' has 2 numbers, not 3"),
        ("a 1 2\nb 1 x\n", r"line 2: the word 'b' has a vector that is no numbers"),
        ("a 1 nan\n", r"line 1: .* infinite or NaN"),
        ("\n", r"line 1: the word '' has 0 numbers"),
        ("", "holds no word vectors"),
    ],
)
def test_malformed_vectors_are_named_by_their_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.vec"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        read_vectors(path, 10)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.vec cannot be read: No such file"):
        read_vectors(tmp_path / "none.vec", 10)
    (tmp_path / "binary.vec").write_bytes(b"a \xff\xfe 1\n")
    with pytest.raises(UserError, match="is not UTF-8 text"):
        read_vectors(tmp_path / "binary.vec", 10)


def test_pairs_and_malformed_ones(tmp_path: Path) -> None:
    path = tmp_path / "pairs.txt"
    path.write_text("cat\tKatze\n\ndog Hund\n")
    assert read_pairs(path) == [("cat", "Katze"), ("dog", "Hund")]
    path.write_text("cat Katze\ndog\n")
    with pytest.raises(UserError, match="line 2: a dictionary has two words on a line, not 1"):
        read_pairs(path)
    path.write_text("\n")
    with pytest.raises(UserError, match="holds no pairs"):
        read_pairs(path)
