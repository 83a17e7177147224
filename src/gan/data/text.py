"""Lines of text, as sequences of words, of characters or of other tokens."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

import torch
from torch import Tensor

from gan.bounds import Fraction, Length, PositiveInt, Vocabulary
from gan.data.dataset import ImageDataset
from gan.data.grammar import sentences
from gan.data.module import Split
from gan.data.order import hold_out
from gan.data.own_images import OnError
from gan.data.sequences import SequenceDataModule, TokenRows
from gan.data.tokenizer import open_tokenizer
from gan.digest import digest_of_values
from gan.errors import UserError, did_you_mean
from gan.formats import printable
from gan.nn.token_lstm import END

__all__ = ["Text"]

NO_CHARACTER = "\uffff"  # which Unicode assigns to none, and no tokenizer splits
MADE = {"train": 5000, "test": 1000}  # sentences of the grammar


class Line(NamedTuple):
    """Line of text: its place, for messages, its tokens, and the text itself."""

    place: str
    tokens: list[str]
    text: str


class Text(SequenceDataModule):
    """Lines of ``train.txt`` and ``test.txt`` in a folder, or sentences of a small grammar.

    Token 0 ends a line. The vocabulary, its size and the length may be None, and are then found in the files; a run
    records them, so that its checkpoints alone are enough to sample.

    Args:
        root: Folder of ``train.txt``, and of ``test.txt`` unless a fixed share of the lines is to be held out; None for
            the grammar. Files are UTF-8, with one example a line.
        tokens: ``words``, with punctuation marks; ``characters``; or the path of a JSON file of the library
            ``tokenizers``, of subwords for instance.
        vocabulary: All tokens but the end, separated by spaces, or characters by nothing. None for those of the
            training lines.
        decoder: What makes lines of a file's tokens; None to find it in the file.
        vocabulary_size: Number of tokens, the end included; None to count them.
        length: Largest number of tokens of a line; None for that of the longest.
        min_count: Occurrences in training lines below which a token is replaced by one for unknown tokens, which also
            replaces those that only held-out lines have; 1 for no replacement.
        on_error: ``stop`` raises an error at a line that does not fit; ``skip`` leaves it out.
        test_share: Share of lines that is held out if there is no ``test.txt``.
        ends: Token 0 ends a line; models refer to it.
        **settings: Arguments of SequenceDataModule.

    Raises:
        UserError: If a file is missing or unreadable, a line does not fit, or the size is not that of the vocabulary.
    """

    noun: ClassVar[str] = "sentences"

    def __init__(
        self,
        root: str | None = None,
        tokens: str = "words",
        vocabulary: str | None = None,
        decoder: str | None = None,
        vocabulary_size: Vocabulary | None = None,
        length: Length | None = None,
        min_count: PositiveInt = 1,
        on_error: OnError = "stop",
        test_share: Fraction = 0.1,
        ends: Literal[True] = True,
        **settings: Any,
    ) -> None:
        self.root, self.tokens = None if root is None else Path(root), tokens
        self.tokenizer = open_tokenizer(tokens, decoder)
        self.decoder = self.tokenizer.decoder
        self.min_count, self.on_error, self.test_share = min_count, on_error, test_share
        if vocabulary is None:
            vocabulary = self._find_vocabulary()
        if length is None:
            length = max(len(line.tokens) for name in MADE for line in self._lines[name])
        self.vocabulary = vocabulary
        self.symbols = ["", *self.tokenizer.symbols(vocabulary)]
        self.numbers = {symbol: number for number, symbol in enumerate(self.symbols)}
        if vocabulary_size not in (None, len(self.symbols)):
            raise UserError(
                f"data.vocabulary_size={vocabulary_size}, but the vocabulary has {len(self.symbols)} tokens, the end "
                "included: leave the size out"
            )
        super().__init__(len(self.symbols), length, ends, **settings)

    def load(self, split: Split) -> ImageDataset:
        rows = [row for line in self._lines[split] if (row := self._row(line, split)) is not None]
        self._check_kept(len(rows), len(self._lines[split]), split)
        tokens = torch.full((len(rows), self.length), END)
        for number, row in enumerate(rows):
            tokens[number, : len(row)] = torch.tensor(row)
        return TokenRows(tokens)

    def fingerprint(self, split: Split) -> str:
        return digest_of_values(super().fingerprint(split), self.vocabulary)  # equal numbers may be other words

    def lines(self, tokens: Tensor) -> list[str]:
        return self._joined(tokens, self.symbols)

    def scored_lines(self, tokens: Tensor) -> list[str]:
        """Return sequences as text that is compared with references, in which no word is equal to an unknown token."""
        symbols = list(self.symbols)
        if self.unknown is not None:
            symbols[self.unknown] = NO_CHARACTER
        return self._joined(tokens, symbols)

    @cached_property
    def unknown(self) -> int | None:
        return self.numbers.get(self.tokenizer.unknown)

    def _joined(self, tokens: Tensor, symbols: list[str]) -> list[str]:
        rows = ([*row, END] for row in tokens.tolist())
        return [self.tokenizer.join([symbols[token] for token in row[: row.index(END)]]) for row in rows]

    def encode(self, line: str, replace: bool = False) -> list[int]:
        """Return the tokens of a text, without an end.

        Args:
            line: The text.
            replace: Whether the unknown token, if there is one, replaces those that are not in the vocabulary.

        Raises:
            UserError: If one is not in the vocabulary, and not replaced.
        """
        if (missing := self.missing(line)) and (self.unknown is None or not replace):
            if missing[0] == self.tokenizer.unknown:
                raise UserError(f"data.tokens={self.tokens} does not know all of {printable(line, 60)!r}")
            noun, hint = self.tokenizer.noun, did_you_mean(missing[0], self.symbols[1:])
            raise UserError(
                f"{printable(missing[0])!r} is not in the vocabulary of {len(self.symbols) - 1} {noun}, "
                f"data.vocabulary in config.yaml{hint}"
            )
        return [self.numbers.get(token, self.unknown or 0) for token in self.split_line(line)]

    def example(self) -> str | None:
        """Return the first held-out line that a user may pass as well; None if there is none."""
        texts = (line.text for line in self._lines["test"] if 0 < len(line.tokens) <= self.length)
        return next((text for text in texts if not text.startswith("-") and not self.missing(text)), None)

    def missing(self, line: str) -> list[str]:
        """Return the tokens of a text that are not in the vocabulary, or that its tokenizer does not know."""
        tokens = self.split_line(line)
        return [token for token in tokens if token not in self.numbers or token == self.tokenizer.unknown]

    def split_line(self, line: str) -> list[str]:
        """Split text into tokens."""
        return self.tokenizer.split(line)

    def _row(self, line: Line, split: str) -> list[int] | None:
        """Return a line's tokens; None if it does not fit and is to be skipped."""
        row = [self.numbers.get(token, self.unknown) for token in line.tokens]
        problem = ""
        if None in row:
            token = printable(line.tokens[row.index(None)])
            problem = f"has {token!r}, which no training line has: data.min_count=2 replaces what is rare"
            if split == "train":
                problem = f"has {token!r}, which data.vocabulary lacks: leave it out to find it"
        elif len(row) > self.length:
            problem = f"has {len(row)} {self.tokenizer.noun}, more than data.length={self.length}"
        place = f"the held-out line {line.place}" if split == "test" else line.place
        return [number for number in row if number is not None] if self._fits(place, problem) else None

    def _fits(self, place: str, problem: str) -> bool:
        if problem and self.on_error == "stop":
            raise UserError(f"{place} {problem}; data.on_error=skip leaves such lines out")
        return not problem

    def _check_kept(self, kept: int, size: int, split: str) -> None:
        """Check that enough lines of a split fit.

        Raises:
            UserError: If lines were left out, and fewer than two are left.
        """
        if kept < min(size, 2):
            lengthen = "raise data.length, or null finds it"
            way_out = (
                lengthen if self.unknown is not None else f"data.min_count=2 keeps lines with rare words; {lengthen}"
            )
            raise UserError(
                f"data: {kept or 'no'} line of the {split} split fits data.length={self.length} and the vocabulary, "
                f"and at least 2 are needed: {way_out}"
            )

    def _find_vocabulary(self) -> str:
        """Return the tokens of the training lines; characters in an order in which no text looks like a reference."""
        counts = Counter(token for line in self._lines["train"] for token in line.tokens)
        unknown, separator = self.tokenizer.unknown, self.tokenizer.separator
        kept = [token for token, count in counts.items() if count >= self.min_count and token != unknown]
        rare = [unknown] if self.min_count > 1 or unknown in counts else []
        if not separator:
            return "".join([*rare, *sorted(kept, reverse=True)])
        return separator.join([*rare, *sorted(kept, key=lambda token: (-counts[token], token))])

    @cached_property
    def _lines(self) -> dict[str, list[Line]]:
        """Lines of both splits."""
        if self.root is None:
            made = [Line("a sentence", self.split_line(text), text) for text in sentences(sum(MADE.values()))]
            return {"train": made[: MADE["train"]], "test": made[MADE["train"] :]}
        if self.root.is_file():
            raise UserError(
                f"data.root={printable(str(self.root))} is a file: name a folder with train.txt, and with test.txt "
                "unless a share of the lines is to be held out"
            )
        files = {name: self.root / f"{name}.txt" for name in MADE}
        train = list(self._read(files["train"]))
        if files["test"].is_file():
            return {"train": train, "test": list(self._read(files["test"]))}
        if len(train) < 4:
            raise UserError(f"{files['train']} has {len(train)} lines, too few to train on and hold some out")
        return {
            "train": [train[index] for index in hold_out(len(train), self.test_share, "train")],
            "test": [train[index] for index in hold_out(len(train), self.test_share, "test")],
        }

    def _read(self, path: Path, option: str = "data.root") -> Iterator[Line]:
        for number, text in enumerate(read_lines(path, option), 1):
            line = Line(f"{path}:{number}", self.split_line(text), text)
            if self._fits(line.place, "" if line.tokens else "is empty"):
                yield line


def read_lines(path: Path, option: str = "data.root") -> Sequence[str]:
    """Return the lines of a UTF-8 file, without white space at their ends.

    Args:
        path: The file.
        option: Option that names it, for the message.

    Raises:
        UserError: If it is missing or cannot be read as text, or has no lines.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").rstrip().split("\n")
    except FileNotFoundError as error:
        raise UserError(f"{option}: there is no {path}, a text file with one example a line") from error
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{option}: {path} cannot be read as UTF-8 text ({reason})") from error
    if lines == [""]:
        raise UserError(f"{path} has no lines")
    return [line.strip() for line in lines]
