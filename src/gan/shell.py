"""Command lines that are printed, to be pasted into a shell."""

import os
import re
import shlex
from collections.abc import Iterable

__all__ = ["command_line", "split_command"]

ANSI_QUOTED = re.compile(r"(?<!\S)\$'((?:[^'\\]|\\.)*)'(?!\S)")  # a whole word, as ``command_line`` writes it


def command_line(words: Iterable[str]) -> str:
    """Join words to one line that bash, zsh and ksh read as these words, control characters included."""
    return " ".join(shlex.quote(word) if word.isprintable() else _ansi_quote(word) for word in words)


def split_command(line: str) -> list[str]:
    """Split a line of ``command_line`` into its words.

    Raises:
        ValueError: If a quotation mark is missing.
    """
    return shlex.split(ANSI_QUOTED.sub(lambda match: shlex.quote(_ansi_unquote(match[1])), line))


def _ansi_quote(word: str) -> str:
    r"""Quote a word as ``$'...'``, with the bytes of control characters and invalid names as octal ``\ooo``."""
    kept = ("\\" + c if c in "\\'" else c if c.isprintable() else _octal(c) for c in word)
    return f"$'{''.join(kept)}'"


def _octal(character: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in os.fsencode(character))


def _ansi_unquote(inner: str) -> str:
    encoded = re.sub(rb"\\([0-7]{3}|.)", _byte, os.fsencode(inner))
    return os.fsdecode(encoded)


def _byte(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 8)]) if len(match[1]) == 3 else match[1]
