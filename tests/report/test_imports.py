"""Reports start fast: nothing that they import, or do, imports torch."""

from pathlib import Path

from tests.conftest import run_python
from tests.report.test_report import curve, write_run

PROGRAM = """
import sys
from pathlib import Path

import gan.report.__main__ as report

assert "torch" not in sys.modules, "after importing"
sys.argv = ["gan.report", "runs", "--out", "out"]
report.main()
assert "torch" not in sys.modules, "after writing a page for each run, the tables and the charts"
for name in ("matplotlib", "numpy", "pytorch_lightning", "wandb"):
    assert name not in sys.modules, name
"""


def test_reports_do_not_import_torch(tmp_path: Path) -> None:
    write_run(tmp_path / "runs" / "a", curve(20.0, 10.0))
    write_run(tmp_path / "runs" / "b", curve(20.0), name="mlp_gan-hinge", error="KeyError: 'x'")
    done = run_python("-c", f"import os; os.chdir({str(tmp_path)!r})\n{PROGRAM}")
    assert done.status == 0, done.err
    assert "hinge" in done.out
    for path in ("runs/a/report.html", "runs/b/report.html", "out/report.html", "out/updates.svg"):
        assert (tmp_path / path).is_file()
