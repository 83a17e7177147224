"""Lines of two languages without pairs, with one vocabulary: those of the source language are to be translated."""

from collections.abc import Sequence
from functools import cached_property
from itertools import compress
from pathlib import Path
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from gan.bounds import MadeSentences
from gan.data.dataset import ImageDataset
from gan.data.grammar import sentences
from gan.data.made_translations import renamed, translated
from gan.data.module import Split, TrivialBaseline
from gan.data.sequences import TokenRows
from gan.data.source_images import WithSources
from gan.data.text import Line, Text, read_lines
from gan.data.vec_file import read_pairs
from gan.errors import UserError
from gan.formats import printable
from gan.nn.sentence_translator import parse_dictionary
from gan.nn.token_lstm import END
from gan.types import Request, Samples

__all__ = ["UnpairedText", "as_unpaired_text"]

MADE_TEST = 500  # held-out pairs of the made languages
Sides = tuple[list[Line], list[Line]]


class UnpairedText(Text):
    """Target lines, and, as their condition, source lines with no relation: tokens, int64 with shape (B, T).

    Held-out lines are translations of each other, line by line, for scores alone. Both languages share one vocabulary.

    Args:
        source_path: Training lines of the source language, a UTF-8 file; None for made languages.
        target_path: Training lines of the target language.
        source_test_path: Held-out lines of the source language.
        target_test_path: Their translations, line by line.
        dictionary_path: File with a source word and a target word on each line, such as found by model=muse; None for
            words that stay as they are. That of the made languages is known.
        dictionary: For each token, its translation to the target language and to the source language, which may be
            itself, as numbers that are separated by spaces; None to find them.
        made_sentences: Training sentences of each made language.
        **settings: Arguments of Text but for ``root``, ``test_share`` and the tokens, which are words.

    Raises:
        UserError: If some files are missing or unreadable, or the held-out ones differ in length.
    """

    noun: ClassVar[str] = "sentences"

    def __init__(
        self,
        source_path: str | None = None,
        target_path: str | None = None,
        source_test_path: str | None = None,
        target_test_path: str | None = None,
        dictionary_path: str | None = None,
        dictionary: list[str] | None = None,
        made_sentences: MadeSentences = 5000,
        **settings: Any,
    ) -> None:
        paths = {"source": source_path, "target": target_path}
        paths |= {"source_test": source_test_path, "target_test": target_test_path}
        missing = [name for name, path in paths.items() if path is None]
        if missing and (len(missing) < len(paths) or dictionary_path is not None):
            raise UserError(f"data.{missing[0]}_path is missing: name all four files of lines, or none")
        self.paths = {name: Path(path) for name, path in paths.items() if path is not None}
        self.dictionary_path = None if dictionary_path is None else Path(dictionary_path)
        self.made_sentences = made_sentences
        super().__init__(**settings)
        if dictionary is None:
            dictionary = [" ".join(map(str, side)) for side in self._find_dictionary()]
        self.dictionary = list(dictionary)
        self.to_target = parse_dictionary(self.dictionary, self.vocabulary_size)[0]

    def load(self, split: Split) -> ImageDataset:
        source_rows, target_rows = ([self._row(line, split) for line in side] for side in self._sides[split])
        if split == "test":  # a line that does not fit leaves with its translation
            pairs = zip(source_rows, target_rows, strict=True)
            fits = [source is not None and target is not None for source, target in pairs]
            source_rows, target_rows = (list(compress(rows, fits)) for rows in (source_rows, target_rows))
            self._references = [line.text for line in compress(self._sides[split][1], fits)]
        source, target = (
            TokenRows(self.padded([row for row in rows if row is not None])) for rows in (source_rows, target_rows)
        )
        for found, lines in zip((source, target), self._sides[split], strict=True):
            self._check_kept(len(found), len(lines), split)
        return WithSources(target, source, shuffled=split == "train")

    @property
    def references(self) -> list[str]:
        """Held-out target lines as they were written, of the rows of the split."""
        self.split("test")
        return self._references

    def padded(self, rows: Sequence[list[int]]) -> Tensor:
        """Return tokens of lines, int64 with shape (N, T)."""
        tokens = torch.full((len(rows), self.length), END)
        for number, row in enumerate(rows):
            tokens[number, : len(row)] = torch.tensor(row)
        return tokens

    def encode_lines(self, lines: Sequence[str]) -> Tensor:
        """Return the tokens of a user's lines, int64 with shape (N, T); empty lines have none.

        Raises:
            UserError: If one is too long, or has an unknown word that no unknown token replaces.
        """
        rows = [self.encode(line, replace=True) for line in lines]
        for number, (row, line) in enumerate(zip(rows, lines, strict=True), 1):
            if len(row) > self.length:
                raise UserError(
                    f"line {number}, {printable(line, 60)!r}, has {len(row)} words and marks, more than the "
                    f"{self.length} of the longest in the data"
                )
        return self.padded(rows)

    def sample_lines(self, samples: Samples) -> list[str]:
        """Return each source line with its translation."""
        assert isinstance(samples.condition, Tensor)
        sources = self.lines(samples.condition.cpu())
        return [f"{one} => {other}" for one, other in zip(sources, self.lines_of(samples.images), strict=True)]

    def usage(self, conditional: bool) -> list[str]:
        if not conditional:
            return super().usage(conditional)
        return ["translate", "--text", str(self.paths.get("source_test", "FILE.txt"))]

    def trivial_baselines(self) -> dict[str, TrivialBaseline]:
        """Return a copy of the source line, and its translation word by word."""
        return {"copy": self._copy, "word_by_word": self._word_by_word}

    def _copy(self, request: Request) -> Tensor:
        assert isinstance(request.condition, Tensor)
        return F.one_hot(request.condition, self.vocabulary_size).float()

    def _word_by_word(self, request: Request) -> Tensor:
        assert isinstance(request.condition, Tensor)
        return F.one_hot(torch.tensor(self.to_target)[request.condition.cpu()], self.vocabulary_size).float()

    def _find_dictionary(self) -> list[list[int]]:
        """Return each token's translation in both directions; the first of several."""
        if self.dictionary_path is not None:
            pairs = read_pairs(self.dictionary_path)
        else:
            pairs = [] if self.paths else [(word, renamed(word)) for word in self.symbols[1:]]
        maps = [list(range(self.vocabulary_size)) for _ in range(2)]
        for source, target in reversed(pairs):
            if source in self.numbers and target in self.numbers:
                maps[0][self.numbers[source]], maps[1][self.numbers[target]] = (
                    self.numbers[target],
                    self.numbers[source],
                )
        if self.dictionary_path is not None and maps[0] == maps[1] == list(range(self.vocabulary_size)):
            raise UserError(f"data.dictionary_path: {self.dictionary_path} has no pair of words of the lines")
        return maps

    @cached_property
    def _lines(self) -> dict[str, list[Line]]:
        """Lines of both languages together."""
        return {split: [*source, *target] for split, (source, target) in self._sides.items()}

    @cached_property
    def _sides(self) -> dict[str, Sides]:
        """Source lines and target lines of both splits."""
        if self.root is not None:
            raise UserError("data.root is of data=text: name data.source_path and data.target_path")
        if not self.paths:
            return self._made()
        train = [list(self._read(self.paths[side], f"data.{side}_path")) for side in ("source", "target")]
        test = [self._numbered(side) for side in ("source_test", "target_test")]
        if len(test[0]) != len(test[1]):
            raise UserError(
                f"{self.paths['source_test']} has {len(test[0])} lines and {self.paths['target_test']} has "
                f"{len(test[1])}: they must be translations, line by line"
            )
        return {"train": (train[0], train[1]), "test": (test[0], test[1])}

    def _numbered(self, name: str) -> list[Line]:
        """Return all lines of a file, empty ones too, so that those of two files stay beside each other."""
        path = self.paths[name]
        lines = read_lines(path, f"data.{name}_path")
        return [Line(f"{path}:{number}", self.split_line(text), text) for number, text in enumerate(lines, 1)]

    def _made(self) -> dict[str, Sides]:
        number = self.made_sentences
        made = sentences(2 * number + MADE_TEST)
        train = (made[:number], list(map(translated, made[number : 2 * number])))
        known = {word for side in train for line in side for word in line.split()}
        pairs = [(line, translated(line)) for line in made[2 * number :]]
        pairs = [pair for pair in pairs if known.issuperset(" ".join(pair).split())]  # few lines lack some words
        test = ([source for source, _ in pairs], [target for _, target in pairs])
        return {
            "train": (self._made_lines(train[0]), self._made_lines(train[1])),
            "test": (self._made_lines(test[0]), self._made_lines(test[1])),
        }

    def _made_lines(self, texts: Sequence[str]) -> list[Line]:
        return [Line("a sentence", self.split_line(text), text) for text in texts]


def as_unpaired_text(data: Any, user: str) -> UnpairedText:
    """Return a data module if it is one of two languages.

    Raises:
        UserError: If it is of something else.
    """
    if not isinstance(data, UnpairedText):
        raise UserError(
            f"{user} needs lines of two languages, as in data=unpaired_text, and {type(data).__name__} has others"
        )
    return data
