"""Tokenizers of lines of text: words, characters, and those that files of the library ``tokenizers`` describe."""

import json
import re
from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from gan.errors import UserError, one_line
from gan.extras import import_extra
from gan.formats import printable

__all__ = ["Characters", "Tokenizer", "TokenizerFile", "Words", "open_tokenizer"]

WORD = re.compile(r"[\w'’]+|[^\w\s]")
NO_MODEL = {"type": "WordLevel", "vocab": {}, "unk_token": ""}  # a decoder alone


class Tokenizer(ABC):
    """Map from a line of text to tokens, and back.

    Attributes:
        noun: Noun of its tokens, for messages.
        unknown: Token for unknown ones, which lines have only where the tokenizer itself does not know their text.
        separator: What is between the tokens of a vocabulary.
        decoder: What is recorded to make text of tokens, in JSON; empty if nothing is needed.
    """

    noun: ClassVar[str]
    unknown: ClassVar[str] = "<unknown>"
    separator: ClassVar[str] = " "
    decoder: str = ""

    @abstractmethod
    def split(self, line: str) -> list[str]:
        """Split a line into tokens."""

    @abstractmethod
    def join(self, tokens: list[str]) -> str:
        """Make a line of tokens."""

    def symbols(self, vocabulary: str) -> list[str]:
        """Return the tokens of a vocabulary, which is one string."""
        return vocabulary.split(self.separator)


class Words(Tokenizer):
    """Words and punctuation marks."""

    noun = "words"

    def split(self, line: str) -> list[str]:
        return WORD.findall(line)

    def join(self, tokens: list[str]) -> str:
        return " ".join(tokens)


class Characters(Tokenizer):
    """Characters, spaces included."""

    noun, unknown, separator = "characters", "\ufffd", ""

    def split(self, line: str) -> list[str]:
        return list(line)

    def join(self, tokens: list[str]) -> str:
        return "".join(tokens)

    def symbols(self, vocabulary: str) -> list[str]:
        return list(vocabulary)


class TokenizerFile(Tokenizer):
    """Tokens of a JSON file of the library ``tokenizers``, without those that it adds to a line's ends.

    Args:
        path: The file. Text is made of tokens without it if the decoder is known.
        decoder: The file's decoder, as it was recorded; None to read it.

    Raises:
        UserError: If the library is not installed, or the file is needed and cannot be read.
    """

    noun = "tokens"

    def __init__(self, path: Path, decoder: str | None = None) -> None:
        self.path, self.library = path, import_extra("tokenizers", "tokenizers", f"data.tokens={path}")
        if decoder is None:  # no dollar, which would begin a reference in a configuration
            decoder = json.dumps(json.loads(self.tokenizer.to_str())["decoder"]).replace("$", "\\u0024")
        self.decoder = decoder

    @cached_property
    def tokenizer(self) -> Any:
        """The tokenizer of the file, which is read on first use."""
        if not self.path.is_file():
            raise UserError(f"data.tokens: there is no {self.path}, a JSON file of the library tokenizers")
        try:
            return self.library.Tokenizer.from_file(str(self.path))
        except Exception as error:  # the library raises no other type
            raise UserError(f"data.tokens: {self.path} is no file of tokenizers ({one_line(error)})") from error

    @cached_property
    def _decode(self) -> Any:
        """Function of the decoder alone."""
        spec = {"version": "1.0", "added_tokens": [], "decoder": json.loads(self.decoder), "model": NO_MODEL}
        spec |= dict.fromkeys(("truncation", "padding", "normalizer", "pre_tokenizer", "post_processor"))
        try:
            decoder = self.library.Tokenizer.from_str(json.dumps(spec)).decoder
        except Exception as error:  # the library raises no other type
            raise UserError(f"data.decoder is none of the library tokenizers ({one_line(error)})") from error
        return " ".join if decoder is None else decoder.decode

    @cached_property
    def _own_unknown(self) -> str | None:
        """The file's own token for unknown text; None if it has none."""
        unknown: str | None = json.loads(self.tokenizer.to_str())["model"].get("unk_token")
        return unknown

    def split(self, line: str) -> list[str]:
        found = self.tokenizer.encode(line, add_special_tokens=False).tokens
        tokens: list[str] = [self.unknown if token == self._own_unknown else token for token in found]
        for token in tokens:
            if not token or " " in token or "${" in token:
                raise UserError(
                    f"data.tokens: {self.path} has the token {printable(token)!r}, which no vocabulary holds"
                )
        return tokens

    def join(self, tokens: list[str]) -> str:
        return self._decode(tokens).strip()


def open_tokenizer(tokens: str, decoder: str | None = None) -> Tokenizer:
    """Return a tokenizer.

    Args:
        tokens: ``words``, ``characters`` or the path of a JSON file.
        decoder: What was recorded of a file; None to read it.

    Raises:
        UserError: If there is no such tokenizer.
    """
    if tokens in ("words", "characters"):
        return Words() if tokens == "words" else Characters()
    if not tokens.endswith(".json"):
        raise UserError(
            f"data.tokens={printable(tokens)}: name words, characters, or FILE.json of the library tokenizers"
        )
    return TokenizerFile(Path(tokens), decoder)
