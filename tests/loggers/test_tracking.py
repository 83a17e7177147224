"""How W&B's runs end: what is tried as they do, and what their states say to the server."""

from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from gan.loggers.tracking import WeightsAndBiases


def tracked(folder: Path, run: Mock) -> WeightsAndBiases:
    tracker = WeightsAndBiases(str(folder), "gan")
    tracker._experiment = run
    return tracker


@pytest.mark.parametrize(("will_go_on", "sweep", "preempted"), [(True, None, 1), (False, None, 0), (True, "ab", 0)])
def test_an_interrupted_run_is_preempted_but_in_a_sweep(
    will_go_on: bool, sweep: str | None, preempted: int, tmp_path: Path
) -> None:
    """A sweep would begin it anew, also where the sweep itself has stopped it."""
    run = Mock(sweep_id=sweep)
    tracked(tmp_path, run).abandon(will_go_on)
    assert run.mark_preempting.call_count == preempted
    run.finish.assert_called_once_with(exit_code=1)


def test_a_run_ends_well_whatever_the_handing_over_trips_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Mock(offline=False, url="https://there", summary=SimpleNamespace())
    tracked(tmp_path, run).close(tmp_path)
    run.finish.assert_called_once_with()
    assert "W&B did not get all that the run ended with (FileNotFoundError" in caplog.text
    assert "https://there" in capsys.readouterr().out
