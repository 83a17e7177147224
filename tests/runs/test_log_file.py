"""Log file of a run: a failure costs one line, and no link is followed."""

import logging
import os
from pathlib import Path

import pytest

from gan.runs.log_file import LogFile


def log_to(path: Path, *messages: str) -> None:
    handler = LogFile(path, encoding="utf-8", delay=True)
    for message in messages:
        handler.handle(logging.LogRecord("gan", logging.INFO, "", 0, message, None, None))
    handler.close()


def test_messages_are_appended(tmp_path: Path) -> None:
    for message in ("first", "second"):
        log_to(tmp_path / "train.log", message)
    assert (tmp_path / "train.log").read_text() == "first\nsecond\n"


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
def test_a_link_is_not_followed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "profile"
    target.write_text("precious\n")
    (tmp_path / "train.log").symlink_to(target)
    log_to(tmp_path / "train.log", "first", "second")
    assert target.read_text() == "precious\n"
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_costs_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    log_to(Path("/dev/full"), "first", "second")
    assert capsys.readouterr().err == "cannot write /dev/full (No space left on device); the run goes on\n"
