"""Samples of text on pages."""

from pathlib import Path

from gan.formats import printable

__all__ = ["read_lines"]

MAX_LINES = 24
MAX_CHARACTERS = 400  # of a line
MAX_BYTES = 100_000  # of a file, which may be a stranger's


def read_lines(path: Path, limit: int = MAX_LINES) -> list[str]:
    """Return the first lines of a file of sampled text, as far as they can be printed; none if it cannot be read."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES)
    except OSError:
        return []
    lines = content.decode(errors="replace").split("\n")[:-1]
    return [printable(line, MAX_CHARACTERS) for line in lines[:limit]]
