"""Jinja templates of pages and SVG files."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from gan.formats import duration, number, printable
from gan.report.charts import COLORS
from gan.runs.writing import write_text

__all__ = ["render", "save"]


def render(template: str, content: Mapping[str, Any]) -> str:
    """Fill in one of the templates in ``pages/``."""
    return _environment().get_template(template).render(content)


def save(text: str, path: Path) -> None:
    """Write a text file atomically."""
    write_text(path, text)


def _without_controls(value: Any) -> Any:
    """Escape control characters of a value, such as a terminal's; text from a macro is already escaped."""
    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return value
    return "\n".join(printable(line, len(line)) for line in value.split("\n"))


@cache
def _environment() -> Environment:
    """Create the environment, which escapes everything that comes from a run's folder."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_without_controls,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "duration": duration, "short": printable}
    environment.globals |= {"colors": COLORS}
    return environment
