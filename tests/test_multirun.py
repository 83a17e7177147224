"""End of a sweep."""

import re
from contextlib import nullcontext
from pathlib import Path

import pytest
from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf

from gan.errors import UserError
from gan.multirun import NO_SCORE, SweepFolder, let_searches_go_on, note_failure, summarized_sweep
from gan.runs.folder import RunFolder


def sweep(folder: Path, failures: dict[str, str], error: BaseException | None = None) -> None:
    """Start a sweep, let jobs fail, and end it with an error of the sweeper."""
    with summarized_sweep():
        SweepFolder().on_multirun_start(OmegaConf.create({"hydra": {"sweep": {"dir": str(folder)}}}))
        for name, cause in failures.items():
            note_failure(folder / name, cause)
        if error is not None:
            raise error


@pytest.mark.parametrize("error", [None, KeyboardInterrupt("Ctrl-C"), ValueError("a bug")])
def test_a_sweep_names_the_command_that_compares_its_runs(
    error: BaseException | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "a sweep"
    with nullcontext() if error is None else pytest.raises(type(error), match=str(error)):
        sweep(folder, {}, error)
    assert capsys.readouterr().out == f"\nSweep    {folder}\nCompare  python -m gan.report '{folder}'\n"
    with summarized_sweep():  # a single run
        pass
    assert capsys.readouterr().out == ""


def test_failures_are_counted_and_the_first_is_named(tmp_path: Path) -> None:
    note_failure(tmp_path / "0", "of an earlier sweep")
    expected = f"the sweep is complete, but 2 runs failed, the first in {tmp_path / '1'}: no memory"
    with pytest.raises(UserError, match=re.escape(expected)):
        sweep(tmp_path, {"2": "seed=x is no number", "1": "no memory"})
    expected = f"no run of the search has a score: a run failed, the first in {tmp_path / '3'}: no"
    with pytest.raises(UserError, match=re.escape(expected)):
        sweep(tmp_path, {"3": "no"}, ValueError(NO_SCORE))


def test_a_run_that_ended_keeps_its_outcome(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.config.touch()
    note_failure(tmp_path, "the folder holds a run")
    assert not run.error.exists()
    run.config.unlink()
    run.error.write_text("diverged\n")
    note_failure(tmp_path, "again")
    assert run.error.read_text() == "diverged\n"


def test_a_search_goes_on_after_a_failure() -> None:
    pytest.importorskip("hydra_plugins.hydra_optuna_sweeper", reason="pip install -e '.[optuna]'")
    let_searches_go_on()
    assert ConfigStore.instance().load("hydra/sweeper/optuna.yaml").node.max_failure_rate == 1.0
