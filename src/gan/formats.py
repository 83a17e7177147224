"""Formatting of numbers and durations for reports and summaries."""

import math

__all__ = ["duration", "number"]


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
