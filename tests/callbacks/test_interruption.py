"""Signals: their actions, a second Ctrl-C, those that are ignored, and threads other than the main one."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import gan
from gan.callbacks.interruption import Aborted, Interrupted, Interruption, SignalAction, requeue
from tests.conftest import TINY


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Restore the handlers of signals, which a failing test might leave."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)}
    yield
    assert {number: signal.getsignal(number) for number in before} == before
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_that_ends_processes_saves_the_run(number: signal.Signals) -> None:
    """SIGHUP ends processes when their terminal closes."""
    interruption = Interruption()
    interruption.training = True
    with interruption.listening():
        signal.raise_signal(number)
    assert (interruption.action, interruption.number) == (SignalAction.SAVE, number)


def test_before_training_there_is_nothing_to_save(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Preparations end at once: a cluster may wait for seconds, and features take minutes."""

    def prepare(*_: Any) -> None:
        signal.raise_signal(signal.SIGTERM)
        raise AssertionError("the signal is handled at once")

    monkeypatch.setattr("gan.callbacks.evaluation.Evaluation.on_fit_start", prepare)
    with pytest.raises(Interrupted) as end:
        gan.train(*TINY, f"hydra.run.dir={tmp_path}")
    assert end.value.code == 128 + signal.SIGTERM
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.endswith("training has not begun; there is no checkpoint yet: start again with the same command")


def test_nohup_stays_in_effect() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        interruption = Interruption()
        with interruption.listening():
            signal.raise_signal(signal.SIGHUP)
        assert interruption.action is SignalAction.NONE
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_second_ctrl_c_ends_the_run_at_once() -> None:
    interruption = Interruption()
    with interruption.listening():
        signal.raise_signal(signal.SIGINT)
        assert interruption.action is SignalAction.STOP
        with pytest.raises(Aborted) as end:
            signal.raise_signal(signal.SIGINT)
    assert end.value.code == 130


def test_other_threads_leave_signals_to_the_main_one() -> None:
    """Agents of sweeps train in a thread, where Python allows no handlers."""
    errors: list[BaseException] = []

    def listen() -> None:
        try:
            with Interruption().listening():
                assert signal.getsignal(signal.SIGTERM) is before
        except BaseException as error:
            errors.append(error)

    before = signal.getsignal(signal.SIGTERM)
    thread = Thread(target=listen)
    thread.start()
    thread.join()
    assert errors == []


@pytest.mark.long
def test_training_in_a_thread(tmp_path: Path) -> None:
    results: list[Any] = []
    off = ["callbacks.evaluation=null", "callbacks.neighbors=null", "trainer.enable_progress_bar=false"]
    options = ["model=mlp_gan", *TINY, *off, "trainer.max_steps=2", f"hydra.run.dir={tmp_path / 'run'}"]
    thread = Thread(target=lambda: results.append(gan.train(*options)))
    thread.start()
    thread.join()
    assert [result["global_step"] for result in results] == [2]


@pytest.mark.parametrize("fails", [False, True])
def test_the_end_is_logged_before_slurm_kills_the_process(
    fails: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def scontrol(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        assert command == ["scontrol", "requeue", "7"]
        assert "SIGUSR1 received; all steps so far are saved; job 7 is to be requeued" in caplog.messages
        return subprocess.CompletedProcess(command, int(fails), "", "Job is pending\n")

    monkeypatch.setattr(subprocess, "run", scontrol)
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    with caplog.at_level("INFO"):
        assert requeue(Interrupted(signal.SIGUSR1, requeue=True))
    assert ("Slurm did not requeue job 7: Job is pending" in caplog.messages) == fails
    assert not requeue(Interrupted(signal.SIGTERM, requeue=False))
    assert not requeue(Aborted())
