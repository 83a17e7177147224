"""docs/notebook.ipynb: its cells run, and its stored output is small and names no path."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

NOTEBOOK = ROOT / "docs" / "notebook.ipynb"


def outputs(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [output for cell in cells for output in cell.get("outputs", [])]


def test_stored_output() -> None:
    assert NOTEBOOK.stat().st_size < 300_000
    stored = outputs(json.loads(NOTEBOOK.read_text())["cells"])
    assert not [output for output in stored if output["output_type"] == "error"]
    assert sum("image/png" in output.get("data", {}) for output in stored) >= 4
    assert "Best " in json.dumps([output.get("text", "") for output in stored])
    assert not re.search("/(?:home|root|tmp|Users)/", NOTEBOOK.read_text())


@pytest.mark.long
def test_cells_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed: pip install -e '.[dev]'")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed: pip install -e '.[dev]'")
    import nbformat

    monkeypatch.setenv("GAN_NOTEBOOK_STEPS", "4")
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = outputs(notebook.cells)
    assert any("samples at step" in str(output) or "image/png" in output.get("data", {}) for output in shown)
    assert "fd_classifier=" in "".join(output.text for output in shown if output.output_type == "stream")
    assert len(list(tmp_path.glob("runs/*/*/report.html"))) == 1
