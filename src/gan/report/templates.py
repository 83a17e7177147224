"""Jinja templates of pages and SVG files."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gan.formats import duration, number
from gan.report.charts import COLORS
from gan.runs.folder import atomic_path

__all__ = ["render", "save"]


def render(template: str, content: Mapping[str, Any]) -> str:
    """Fill in one of the templates in ``pages/``."""
    return _environment().get_template(template).render(content)


def save(text: str, path: Path) -> None:
    """Write a text file atomically."""
    with atomic_path(path) as partial:
        partial.write_text(text, encoding="utf-8")


@cache
def _environment() -> Environment:
    """Create the environment, which escapes everything that comes from a run's folder."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "duration": duration}
    environment.globals |= {"colors": COLORS}
    return environment
