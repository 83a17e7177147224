"""Formatting of numbers, durations and foreign text for reports, summaries and messages."""

import math
from collections.abc import Sequence

__all__ = ["duration", "listed", "number", "printable"]

MAX_CHARACTERS = 400  # of a text in a message or a table


def number(value: float, digits: int = 4) -> str:
    """Format a number to ``digits`` significant digits; the integer part is complete up to a million."""
    if not math.isfinite(value):
        return str(value)
    if 10 ** (digits - 1) <= abs(value) < 1e6 or (value == int(value) and abs(value) < 1e6):
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def duration(seconds: float) -> str:
    """Format seconds as minutes and seconds, or as hours and minutes from three hours on."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 180 else f"{minutes // 60} h {minutes % 60} min"


def listed(names: Sequence[str], total: int) -> str:
    """Format the first names of ``total`` ones, separated by commas, and the number of those that are left out."""
    return ", ".join(names) + (f" and {total - len(names):,} more" if total > len(names) else "")


def printable(text: str, limit: int = MAX_CHARACTERS) -> str:
    """Format text of unknown origin as one line: control characters are escaped, and the rest is cut at a limit.

    Args:
        text: Text that may hold line breaks, terminal escapes, or bytes that are not UTF-8.
        limit: Number of characters that are kept.
    """
    kept = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text[:limit])
    return kept if len(text) <= limit else f"{kept}... ({len(text):,} characters)"
