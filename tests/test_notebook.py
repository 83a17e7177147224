"""Notebooks of docs: their cells run, and their stored output is small and names no path."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

NOTEBOOK = ROOT / "docs" / "notebook.ipynb"
COURSE = ROOT / "docs" / "course.ipynb"


def outputs(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [output for cell in cells for output in cell.get("outputs", [])]


def test_stored_output() -> None:
    assert NOTEBOOK.stat().st_size < 300_000
    stored = outputs(json.loads(NOTEBOOK.read_text())["cells"])
    assert not [output for output in stored if output["output_type"] == "error"]
    assert sum("image/png" in output.get("data", {}) for output in stored) >= 4
    assert "Best " in json.dumps([output.get("text", "") for output in stored])
    assert not re.search("/(?:home|root|tmp|Users)/", NOTEBOOK.read_text())


def test_stored_output_of_the_course() -> None:
    assert COURSE.stat().st_size < 300_000
    stored = outputs(json.loads(COURSE.read_text())["cells"])
    assert not [output for output in stored if output["output_type"] == "error"]
    assert sum("image/png" in output.get("data", {}) for output in stored) == 2
    assert "-log 4 + 2 JSD" in json.dumps([output.get("text", "") for output in stored])
    assert not re.search("/(?:home|root|tmp|Users)/", COURSE.read_text())


def run(path: Path, folder: Path) -> list[Any]:
    """Run a notebook in a folder, and return the outputs of its cells."""
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed: pip install -e '.[dev]'")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed: pip install -e '.[dev]'")
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    return outputs(notebook.cells)


@pytest.mark.long
def test_cells_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAN_NOTEBOOK_STEPS", "4")
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    shown = run(NOTEBOOK, tmp_path)
    assert any("samples at step" in str(output) or "image/png" in output.get("data", {}) for output in shown)
    assert "fd_classifier=" in "".join(output.text for output in shown if output.output_type == "stream")
    assert len(list(tmp_path.glob("runs/*/*/report.html"))) == 1


@pytest.mark.long
def test_cells_of_the_course_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAN_COURSE_STEPS", "20")
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    shown = run(COURSE, tmp_path)
    assert sum("image/png" in output.get("data", {}) for output in shown) == 2
    assert "V of the learned D" in "".join(output.text for output in shown if output.output_type == "stream")
