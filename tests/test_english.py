"""Docstrings name what an object is, or what a function does."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT


def docstrings(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


def test_no_docstring_begins_with_a_question() -> None:
    files = [path for folder in ("src", "tests", "docs") for path in (ROOT / folder).rglob("*.py")]
    texts = [(path.name, text) for path in files for text in docstrings(path)]
    assert len(texts) > 1000
    assert not [text for text in texts if text[1].startswith(("What ", "Where ", "How "))]
