"""Overrides in Hydra's grammar: quoting their values, and reading values that its parser refuses."""

import re
from collections.abc import Iterable
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Quote, QuotedString
from hydra.errors import HydraException

from gan.errors import UserError
from gan.formats import printable
from gan.shell import command_line

__all__ = ["option", "override", "quote_texts", "quote_value"]

ASSIGNMENT = re.compile(r"([+~]{0,2}[A-Za-z_$][\w$./@:-]*)=(.*)", re.ASCII | re.DOTALL)
GRAMMAR = re.compile(r"[,\[\]{}'\"]|^\w+\(")  # what only a list, a sweep, a function or a quoted text has


def override(key: str, value: object) -> str:
    """Return the override that sets a key to a text, such as a path, quoted for Hydra but not for a shell."""
    return f"{key}={quote_value(str(value))}"


def option(key: str, value: object) -> str:
    """Return an option of ``train.py`` to be pasted into a shell, quoted for Hydra and for the shell."""
    return command_line([override(key, value)])


def quote_value(text: str) -> str:
    """Return the value that Hydra's parser reads as a text: the text itself, or in quotes where it needs them."""
    try:
        read = OverridesParser.create().parse_rule(text, "value")
    except HydraException:
        read = None
    is_same = isinstance(read, str) and read == text  # numbers, lists, sweeps and quoted text are read as others
    return text if is_same else QuotedString(text, Quote.double).with_quotes()


def quote_texts(arguments: Iterable[str]) -> list[str]:
    """Return a command line in which Hydra's parser takes values that can only be texts, such as ``runs/lr=0.1``.

    They are quoted where its grammar has no place for their characters, and ``~/`` becomes the home folder, which a
    shell leaves after an equals sign.

    Raises:
        UserError: If a value is no text for certain; the message holds the option in quotes.
    """
    arguments = list(arguments)
    sweeps = not {"-m", "--multirun"}.isdisjoint(arguments)
    return [_quote_text(argument, sweeps) for argument in arguments]


def _quote_text(argument: str, sweeps: bool) -> str:
    match = ASSIGNMENT.fullmatch(argument)
    if match is None or _is_read(argument):
        return argument
    key, value = match.groups()
    texts = value.split(",") if sweeps else [value]
    quoted = f"{key}={','.join(text if _is_read(f'x={text}') else quote_value(_with_home(text)) for text in texts)}"
    if any(GRAMMAR.search(text) for text in texts):
        raise UserError(
            f"{printable(argument)} is not in Hydra's grammar: a text needs quotes for Hydra and for the shell: "
            f"{command_line([quoted])}"
        )
    return quoted


def _with_home(text: str) -> str:
    return str(Path(text).expanduser()) if text == "~" or text.startswith("~/") else text


def _is_read(argument: str) -> bool:
    try:
        OverridesParser.create().parse_rule(argument, "override")
    except HydraException:
        return False
    return True
