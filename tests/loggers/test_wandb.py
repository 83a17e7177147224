"""Final state of W&B runs: finished, failed or preempted."""

import os
import re
import shlex
import socket
from pathlib import Path
from time import perf_counter
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from gan.errors import UserError
from gan.instantiate import build
from gan.loggers.wandb import WeightsAndBiases, check_answer
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
    run = Mock(offline=False, disabled=False, _finish_timed_out=False, url="https://there", summary=SimpleNamespace())
    logger(tmp_path, run).close(tmp_path)
    run.finish.assert_called_once_with()
    assert "The upload to W&B is incomplete (FileNotFoundError" in caplog.text
    assert "https://there" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"project": "a/b"}, "logger.wandb: Invalid project name 'a/b'"),
        ({"id": "a#b"}, "logger.wandb: Run ID cannot contain"),
        ({"mode": "onlin"}, "logger.wandb: mode: Input should be 'online'"),
        ({"tags": [""]}, "logger.wandb: run_tags: "),
    ],
)
def test_wrong_settings_are_one_line(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)) as caught:
        WeightsAndBiases(**{"folder": str(tmp_path), "project": "gan"} | options)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(("name", "value"), [("WANDB_BASE_URL", "nonsense"), ("WANDB_MODE", "onlin")])
def test_wrong_variables_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    key = name.removeprefix("WANDB_").lower()
    with pytest.raises(UserError, match=rf"^W&B's settings \(variables WANDB_..., or its file\): {key}: "):
        WeightsAndBiases(str(tmp_path), "gan").experiment  # noqa: B018  # the access starts the run


def test_the_environment_names_the_project_unless_an_option_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PROJECT": "mine", "NAME": "first", "DIR": str(tmp_path)}.items():
        monkeypatch.setenv(f"WANDB_{name}", value)
    tracker = build(composed("logger=[wandb]").logger.wandb)
    assert {key: tracker._wandb_init[key] for key in ("project", "name", "dir")} == {
        "project": "mine",
        "name": "first",
        "dir": str(tmp_path),
    }
    given = build(composed("logger=[wandb]", "logger.wandb.project=a", "logger.wandb.name=b").logger.wandb)
    assert (given._wandb_init["project"], given._wandb_init["name"]) == ("a", "b")


def test_a_disabled_run_ends_without_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    tracker = WeightsAndBiases(str(tmp_path), "gan", mode="disabled")
    tracker.log_metrics({"score": 1.0}, step=1)
    tracker.close(tmp_path)
    assert not [record for record in caplog.records if record.name.startswith("gan")]
    assert not capsys.readouterr().out


def test_all_parts_of_an_offline_run_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts = [tmp_path / "wandb" / f"offline-run-2026010{day}_000000-a b" for day in (1, 2, 3)]
    for part in parts:
        (part / "files").mkdir(parents=True)
    (parts[0] / "run-a b.wandb.synced").touch()
    run = Mock(offline=True, disabled=False, id="a b", dir=str(parts[2] / "files"), summary=SimpleNamespace())
    logger(tmp_path, run).close(tmp_path)
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("W&B")]
    assert shlex.split(line)[1:] == ["wandb", "sync", *(os.path.relpath(part) for part in parts[1:])]


def test_a_server_that_does_not_answer_costs_its_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url, start = f"http://127.0.0.1:{silent.getsockname()[1]}", perf_counter()
        with pytest.raises(ConnectionError, match=f"{url} does not answer: timed out"):
            check_answer(url, 0.1)
    assert perf_counter() - start < 1
    with pytest.raises(ConnectionError, match="Connection refused"):
        check_answer(url, 5)
