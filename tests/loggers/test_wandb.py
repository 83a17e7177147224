"""Final state of W&B runs: finished, failed or preempted."""

from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from gan.instantiate import build
from gan.loggers.wandb import WeightsAndBiases
from tests.test_conf import composed


def logger(folder: Path, run: Mock) -> WeightsAndBiases:
    result = WeightsAndBiases(str(folder), "gan")
    result._experiment = run
    return result


def test_options_reach_wandb() -> None:
    options = ["logger=[wandb]", "logger.wandb.entity=team", "logger.wandb.tags=[a,b]", "logger.wandb.group=g"]
    tracker = build(composed(*options).logger.wandb)
    expected = {"entity": "team", "tags": ["a", "b"], "group": "g", "notes": None, "project": "gan"}
    assert {key: tracker._wandb_init[key] for key in expected} == expected


@pytest.mark.parametrize(("will_resume", "sweep", "preempted"), [(True, None, 1), (False, None, 0), (True, "ab", 0)])
def test_interrupted_runs_outside_sweeps_are_preempted(
    will_resume: bool, sweep: str | None, preempted: int, tmp_path: Path
) -> None:
    """A sweep would restart preempted runs, even those that it has stopped itself."""
    run = Mock(sweep_id=sweep)
    logger(tmp_path, run).abandon(will_resume)
    assert run.mark_preempting.call_count == preempted
    run.finish.assert_called_once_with(exit_code=1)


def test_a_failed_upload_does_not_fail_the_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Mock(offline=False, url="https://there", summary=SimpleNamespace())
    logger(tmp_path, run).close(tmp_path)
    run.finish.assert_called_once_with()
    assert "The upload to W&B is incomplete (FileNotFoundError" in caplog.text
    assert "https://there" in capsys.readouterr().out
