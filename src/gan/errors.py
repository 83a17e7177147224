"""User-correctable errors and the wording of one-line messages."""

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError

__all__ = ["OptionError", "OutOfMemoryError", "UserError", "did_you_mean", "first_problem", "one_line"]


class UserError(ValueError):
    """User-correctable error, shown as one line without a traceback.

    The message states the cause and the remedy.
    """


class OptionError(UserError):
    """Error in the value of an option.

    Args:
        key: Dotted key of the option.
        problem: The rest of the message, such as ``=0 should be at least 1``.
    """

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(key, problem)
        self.key, self.problem = key, problem

    def __str__(self) -> str:
        return f"{self.key}{self.problem}"


class OutOfMemoryError(OptionError):
    """Option that asks for more than this machine's memory."""


def one_line(error: BaseException) -> str:
    """Return an error as one line: a UserError's message, otherwise the type and the first line of the message."""
    lines = str(error).strip().splitlines() or [""]
    if isinstance(error, UserError):  # DataLoader workers put their traceback before the message
        return lines[-1].removeprefix("gan.errors.UserError: ")
    return f"{type(error).__name__}: {lines[0]}".removesuffix(": ")


def first_problem(error: "ValidationError") -> str:
    """Return the first problem that pydantic found, after the dotted key of the value."""
    problem = error.errors()[0]
    return f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"


def did_you_mean(word: str, choices: list[str]) -> str:
    """Return a suggestion for a misspelt word, to be appended to an error message.

    Args:
        word: The user's input.
        choices: Valid inputs. The last part of a dotted key is matched as well.

    Returns:
        ``"; did you mean 'x'?"``, or an empty string if nothing is similar.
    """
    by_leaf: dict[str, str] = {}
    for choice in choices:
        by_leaf.setdefault(choice.rpartition(".")[2], choice)
    if matches := get_close_matches(word, choices, n=1, cutoff=0.75):
        return f"; did you mean '{matches[0]}'?"
    if matches := get_close_matches(word.rpartition(".")[2], list(by_leaf), n=1):
        return f"; did you mean '{by_leaf[matches[0]]}'?"
    return ""
