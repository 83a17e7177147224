"""The campaign of faults: its means of finding them, and a share of each kind."""

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
import torch

from tests.conftest import ROOT
from tests.faults.damage import damage
from tests.faults.file_events import read_log
from tests.faults.games import unlike
from tests.faults.outcome import run_cases
from tests.faults.witness import read_deeds


def run_watched(code: str) -> int:
    """Run code in a new process that imports nothing of this package, and return its exit status."""
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.DEVNULL).returncode


def test_a_process_dies_at_a_file_event(tmp_path: Path) -> None:
    folder, log = tmp_path / "run", tmp_path / "log"
    code = f"""
from pathlib import Path
from tests.faults.file_events import Death
folder = Path({str(folder)!r})
Death(folder, Path({str(log)!r}), 3, after=True)()
folder.mkdir()
(folder / "a").write_text("a")
(folder.parent / "outside").write_text("b")
(folder / "a").read_text()
(folder / "a").rename(folder / "b")
(folder / "b").unlink()
"""
    assert run_watched(code) == -9
    assert [path.name for path in folder.iterdir()] == ["b"]
    assert read_log(log) == ["mkdir .", "io.open a", "rename a"]


def test_a_witness_notes_what_a_process_does(tmp_path: Path) -> None:
    code = f"""
import os
from pathlib import Path
from tests.faults.witness import Witness
Witness(Path({str(tmp_path / "log")!r}))()
import colorsys
os.system("true")
Path({str(tmp_path / "file")!r}).write_text("x")
Path({str(tmp_path / "file")!r}).read_text()
"""
    assert run_watched(code) == 0
    deeds = [("import", "colorsys"), ("program", "b'true'"), ("write", str(tmp_path / "file"))]
    assert [deed for deed in read_deeds(tmp_path / "log") if "/" in deed[1] or deed[0] != "import"] == deeds[1:]
    assert deeds[0] in read_deeds(tmp_path / "log")


def test_one_bit_is_a_difference() -> None:
    a = {"x": [torch.tensor([0.0, 1.0])], "n": float("nan")}
    assert not list(unlike(a, {"x": [torch.tensor([0.0, 1.0])], "n": float("nan")}, "a"))
    assert list(unlike(a, {"x": [torch.tensor([-0.0, 1.0])], "n": float("nan")}, "a")) == ["a.x[0] differs"]


def test_damage_changes_a_file(tmp_path: Path) -> None:
    path = tmp_path / "x.ckpt"
    torch.save({"x": torch.arange(100.0)}, path)
    whole, kinds = path.read_bytes(), set()
    for seed in range(60):
        path.write_bytes(whole)
        kinds.add(damage(path, Random(seed)))
        assert path.read_bytes() != whole
    assert len(kinds) == 8


def test_a_case_that_fails_is_named_and_kept(tmp_path: Path) -> None:
    def check(random: Random, case: int, folder: Path) -> str | None:
        (folder / "x").touch()
        return None if case == 1 else f"{1 // case} and {random.random()}"

    outcomes = [run_cases("kind", 7, [0, 1, 2], tmp_path / name, check) for name in ("a", "b")]
    assert outcomes[0].failures == outcomes[1].failures
    first, second = outcomes[0].failures
    assert first.startswith("--seed 7 --only kind --case 0: ZeroDivisionError")
    assert second.startswith("--seed 7 --only kind --case 2: 0 and 0.")
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["kind-0", "kind-2"]


@pytest.mark.long
def test_a_share_of_the_campaign() -> None:
    done = subprocess.run([sys.executable, "-m", "tests.faults"], cwd=ROOT, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
