"""Text files of word vectors: those of word2vec and fastText, and dictionaries of pairs of words."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from gan.data.word_embedding import WordVectors
from gan.errors import UserError
from gan.formats import printable
from gan.runs.writing import atomic_path

__all__ = ["read_pairs", "read_vectors", "write_vectors"]


def read_vectors(path: Path, most: int) -> WordVectors:
    """Read the first words of a ``.vec`` file and their vectors; of a word that occurs twice the first.

    Each line is a word and its D numbers, separated by spaces. A first line of two numbers, N and D, is optional.

    Args:
        path: UTF-8 text file.
        most: Largest number of words.

    Raises:
        UserError: If the file cannot be read, or a line is malformed.
    """
    found: dict[str, np.ndarray] = {}
    dimension = None
    for number, line in _lines(path):
        word, *values = line.rstrip().split(" ")
        if number == 1 and len(values) == 1 and word.isdecimal() and values[0].isdecimal():
            dimension = int(values[0])
            continue
        if dimension is None:
            dimension = len(values)
        place = f"{path}, line {number}: the word {printable(word, 40)!r}"
        if len(values) != dimension or not values:
            raise UserError(f"{place} has {len(values)} numbers, not {dimension}")
        try:
            vector = np.array(values, dtype=np.float32)
        except ValueError as error:
            raise UserError(
                f"{place} has a vector that is no numbers ({printable(str(error), 60)}): a text, which has sentences, "
                "needs a name that ends in .txt"
            ) from error
        if not np.isfinite(vector).all():
            raise UserError(f"{place} has a number that is infinite or NaN")
        if word and word not in found:
            found[word] = vector
        if len(found) == most:
            break
    if not found:
        raise UserError(f"{path} holds no word vectors: each line is a word and its numbers, separated by spaces")
    return WordVectors(list(found), torch.from_numpy(np.stack(list(found.values()))))


def write_vectors(language: WordVectors, path: Path) -> None:
    """Write a ``.vec`` file, with a first line of N and D."""
    rows = (
        f"{word} {' '.join(f'{value:.6g}' for value in row)}\n"
        for word, row in zip(language.words, language.vectors.tolist(), strict=True)
    )
    with atomic_path(path) as partial, partial.open("w", encoding="utf-8") as file:
        file.write(f"{len(language.words)} {language.vectors.shape[1]}\n")
        file.writelines(rows)


def read_pairs(path: Path) -> list[tuple[str, str]]:
    """Read a dictionary: on each line a word and a translation, separated by a space or a tab.

    Raises:
        UserError: If the file cannot be read, or a line is malformed.
    """
    pairs = []
    for number, line in _lines(path):
        words = line.split()
        if not words:
            continue
        if len(words) != 2:
            raise UserError(f"{path}, line {number}: a dictionary has two words on a line, not {len(words)}")
        pairs.append((words[0], words[1]))
    if not pairs:
        raise UserError(f"{path} holds no pairs of words")
    return pairs


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield a file's lines with their numbers, from 1."""
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            yield from enumerate(file, 1)
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
