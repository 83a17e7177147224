"""The one exception that means «the user can mend this»: shown as a single line, without a traceback."""

from difflib import get_close_matches

__all__ = ["UserError", "did_you_mean", "one_line"]


class UserError(ValueError):
    """Something outside the code is wrong; the message names the cause and the way out, in one line."""


def one_line(error: BaseException) -> str:
    """Put an error in one line: a UserError's message, or the type and the beginning of any other's."""
    lines = str(error).strip().splitlines() or [""]
    if isinstance(error, UserError):  # a worker process of a loader puts its traceback before it
        return lines[-1].removeprefix("gan.errors.UserError: ")
    return f"{type(error).__name__}: {lines[0]}".removesuffix(": ")


def did_you_mean(word: str, choices: list[str]) -> str:
    """Phrase the choice that resembles a misspelt word most, for the end of an error message.

    Args:
        word: What the user wrote.
        choices: What could have been written. Dotted keys are also compared by their last part.

    Returns:
        ``"; did you mean 'x'?"``, or an empty string where nothing is near.
    """
    by_leaf: dict[str, str] = {}
    for choice in choices:
        by_leaf.setdefault(choice.rpartition(".")[2], choice)
    if found := get_close_matches(word, choices, n=1, cutoff=0.75):
        return f"; did you mean '{found[0]}'?"
    if found := get_close_matches(word.rpartition(".")[2], list(by_leaf), n=1):
        return f"; did you mean '{by_leaf[found[0]]}'?"
    return ""
