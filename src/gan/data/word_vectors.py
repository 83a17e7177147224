"""Word vectors of two languages: of files, of the words of two texts, or made ones."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gan.bounds import NonNegative, PositiveInt, SampleCount, Seed, Width
from gan.data.aligned import align_words
from gan.data.made_languages import made_languages
from gan.data.text import read_lines
from gan.data.vec_file import read_pairs, read_vectors
from gan.data.vectors import WordPairs, WordVectorModule
from gan.data.word_embedding import WordVectors, embed_words
from gan.errors import UserError

__all__ = ["VectorFiles", "words_of"]

FIRST_LINES, MOST_CHARACTERS = 20, 100_000  # of a line, by which text is told from vectors
MADE_DIMENSION, TEXT_DIMENSION = 20, 50
WORD = re.compile(r"[^\W\d_]+")


class VectorFiles(WordVectorModule):
    """Word vectors of two files, or two made languages if there are none.

    A file of vectors has a word and its numbers on each line, the commonest word first, as word2vec and fastText write
    them. Any other, by its first lines, is text, one sentence a line, whose words are embedded here: see
    ``embed_words``. A file whose name ends in ``.vec`` has vectors.

    Args:
        source_path: File of the source language.
        target_path: File of the target language.
        dictionary_path: File of pairs of words, on each line a source and a target word, for scores alone; a ``.tsv``
            file of aligned sentences, separated by a tab, from which pairs are found; or ``same`` if equal words are
            translations. None for no dictionary; that of made languages is known.
        dimension: Length of the vectors; None for that of the files, or 50 for text, or 20 for made languages.
        window: Largest distance of two words of a text that are near each other.
        min_count: Occurrences in a text below which a word is left out.
        made_words: Number of words of each made language.
        made_noise: Standard deviation of the made noise, relative to a vector's length.
        made_seed: Seed of the made languages.
        **settings: Arguments of WordVectorModule.

    Raises:
        UserError: If one of two files is missing, or a file is malformed.
    """

    def __init__(
        self,
        source_path: str | None = None,
        target_path: str | None = None,
        dictionary_path: str | None = None,
        dimension: Width | None = None,
        window: PositiveInt = 5,
        min_count: PositiveInt = 5,
        made_words: SampleCount = 1500,
        made_noise: NonNegative = 0.3,
        made_seed: Seed = 0,
        **settings: Any,
    ) -> None:
        if (source_path is None) != (target_path is None):
            absent = "source_path" if source_path is None else "target_path"
            raise UserError(f"data.{absent} is missing: name the files of both languages, or none for made vectors")
        self.paths = None if source_path is None or target_path is None else (Path(source_path), Path(target_path))
        self.dictionary_path, self.window, self.min_count = dictionary_path, window, min_count
        self.made_words, self.made_noise, self.made_seed = made_words, made_noise, made_seed
        if dimension is None and self.paths is None:
            dimension = MADE_DIMENSION
        elif dimension is None and self.paths is not None and any(map(is_text, self.paths)):
            dimension = TEXT_DIMENSION
        super().__init__(dimension, **settings)

    def load_languages(self) -> tuple[WordVectors, WordVectors]:
        if self.paths is None:
            return made_languages(min(self.made_words, self.words), self.dimension, self.made_noise, self.made_seed)
        source, target = map(self._load, self.paths)
        return source, target

    def load_dictionary(self) -> WordPairs | None:
        if self.paths is None:
            return self.pairs_of([(word, f"b{word[1:]}") for word in self.source.words], "data.made_words")
        if self.dictionary_path is None:
            return None
        name = f"data.dictionary_path={self.dictionary_path}"
        if self.dictionary_path == "same":
            return self.pairs_of([(word, word) for word in self.source.words], name)
        path = Path(self.dictionary_path)
        return self.pairs_of(aligned_pairs(path, self.min_count) if path.suffix == ".tsv" else read_pairs(path), name)

    def _load(self, path: Path) -> WordVectors:
        if not is_text(path):
            return read_vectors(path, self.words)
        lines = [words_of(line) for line in text_lines(path)]
        try:
            return embed_words(lines, self.dimension, self.window, self.min_count, self.words)
        except UserError as error:
            raise UserError(f"{path}: {error}") from error


def text_lines(path: Path) -> Sequence[str]:
    """Return the lines of a text file.

    Raises:
        UserError: If it is missing, or cannot be read.
    """
    if not path.is_file():
        raise UserError(f"there is no file {path}")
    return read_lines(path)


def is_text(path: Path) -> bool:
    """Return whether a file is text, whose words are to be embedded; by its name if it cannot be read."""
    if path.suffix == ".vec":
        return False
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            rows = [file.readline(MOST_CHARACTERS).split()[1:] for _ in range(FIRST_LINES)]
    except OSError:
        return path.suffix == ".txt"
    values = [value for row in rows for value in row]
    return 2 * sum(map(is_number, values)) < max(1, len(values))


def is_number(field: str) -> bool:
    """Return whether a field of a line is a number."""
    try:
        float(field)
    except ValueError:
        return False
    return True


def words_of(line: str) -> list[str]:
    """Return the words of a line in lower case, without digits and punctuation."""
    return WORD.findall(line.lower())


def aligned_pairs(path: Path, min_count: int) -> list[tuple[str, str]]:
    """Return the pairs of words of a file of aligned sentences.

    Raises:
        UserError: If it cannot be read, or a line has no tab.
    """
    sentences = []
    for number, line in enumerate(text_lines(path), 1):
        first, tab, second = line.partition("\t")
        if not tab:
            raise UserError(f"{path}, line {number} has no tab between a sentence and its translation")
        sentences.append((words_of(first), words_of(second)))
    return align_words(sentences, min_count)
