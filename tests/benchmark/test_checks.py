"""Tests that run in a subprocess of limited time: their outcomes, with what they measured."""

from pathlib import Path

import pytest

from gan.benchmark import checks
from gan.benchmark.checks import missing_for_checks, run_checks

TEST = """
import pytest

pytestmark = pytest.mark.gpu

@pytest.mark.parametrize("game", ["a_b", "c"])
def test_a_game_is_right(game, record_property):
    record_property("error", 0.5)
    assert game == "a_b", "a wrong\\nterm"

def test_skipped():
    pytest.skip("there is no GPU")
"""
SLEEPING = (
    TEST
    + """
def test_that_takes_long():
    import time

    time.sleep(60)
"""
)


def test_outcomes(tmp_path: Path) -> None:
    (tmp_path / "test_games.py").write_text(TEST)
    (tmp_path / "test_broken.py").write_text("import nothing_of_this_name\n")
    found = run_checks(60, tmp_path, dry=True, tests=(str(tmp_path),))
    outcomes = {check.name: (check.outcome, check.measured) for check in found}
    assert outcomes["games: a game is right [a_b]"] == ("passed", {"error": "0.5"})
    assert outcomes["games: a game is right [c]"] == ("failed", {"error": "0.5"})
    reasons = {check.name: check.reason for check in found}
    assert reasons["games: skipped"] == "there is no GPU"
    assert reasons["games: a game is right [c]"].startswith("AssertionError: a wrong")
    assert "nothing_of_this_name" in reasons["broken"]


@pytest.mark.long
def test_an_interruption_keeps_what_is_known(tmp_path: Path) -> None:
    (tmp_path / "test_games.py").write_text(SLEEPING)
    *known, last = run_checks(8, tmp_path, dry=True, tests=(str(tmp_path),))
    assert [check.outcome for check in known[:3]] == ["passed", "failed", "skipped"]
    assert (last.outcome, last.reason[:21]) == ("failed", "interrupted after 8 s")


def test_an_installed_package_has_no_checks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert missing_for_checks() == ""
    monkeypatch.setattr(checks, "find_spec", lambda _: None)
    assert missing_for_checks() == "skipped: pytest is not installed: pip install pytest"
    monkeypatch.setattr(checks, "ROOT", tmp_path)
    assert missing_for_checks() == "skipped: the tests are not here; they are in the project's checkout"


def test_no_test_is_a_failure(tmp_path: Path) -> None:
    (last,) = run_checks(60, tmp_path, dry=True, tests=(str(tmp_path),))
    assert (last.outcome, last.reason[:26]) == ("failed", "pytest ended with status 5")
