"""metrics.csv: rows, new columns, and resumed runs."""

import errno
import shutil
from pathlib import Path
from typing import Any

import pytest

from gan.loggers.csv import MetricsCSVLogger
from gan.runs.folder import RunFolder
from gan.runs.metrics_file import read_metrics
from gan.runs.writing import WriteError


def test_rows_and_columns(tmp_path: Path) -> None:
    logger = MetricsCSVLogger(tmp_path)
    logger.log_metrics({"train/a": 1.0}, 2)
    logger.log_metrics({"val/fd": 2.0}, 2)
    logger.log_metrics({"train/a": 3.0}, 4)
    assert (tmp_path / "metrics.csv").read_text().splitlines() == ["step,train/a,val/fd", "2,1,2", "4,3,"]
    logger.log_metrics({"val/fd": 0.123456789}, 4)
    assert read_metrics(tmp_path / "metrics.csv").scores == {2: {"fd": 2.0}, 4: {"fd": 0.123457}}
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.csv"]


@pytest.mark.parametrize("step", [2, 3])
def test_resuming_drops_later_rows(tmp_path: Path, step: int) -> None:
    first = MetricsCSVLogger(tmp_path)
    for number in (2, 4, 6):
        first.log_metrics({"a": number}, number)
    resumed = MetricsCSVLogger(tmp_path, step=step)
    resumed.log_metrics({"a": 40}, 4)
    assert (tmp_path / "metrics.csv").read_text().splitlines() == ["step,a", "2,2", "4,40"]


class FullDisk:
    """Disk without room: a file can be opened, and writing fails halfway."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch

    def __enter__(self) -> None:
        opened = Path.open

        def full(path: Path, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
            if mode not in ("r+", "w"):
                return opened(path, mode, *args, **kwargs)
            with opened(path, "r+b") as file:
                file.seek(0, 2)
                file.write(b"1")  # the first byte of a row
            raise OSError(errno.ENOSPC, "No space left on device")

        self.patch.setattr(Path, "open", full)

    def __exit__(self, *_: object) -> None:
        self.patch.undo()


def test_rows_of_a_time_without_room_are_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    logger = MetricsCSVLogger(tmp_path)
    logger.log_metrics({"a": 1}, 2)
    with FullDisk(monkeypatch):
        for step in (10, 12, 14):
            logger.log_metrics({"a": step}, step)
            logger.log_metrics({"val/b": step}, step)  # a new column
        with pytest.raises(WriteError, match=r"metrics\.csv \(No space left"):
            logger.finalize("success")
        logger.finalize("failed")  # must not hide the error that ends the run
    assert len(caplog.records) == 1, "one warning"
    logger.log_metrics({"a": 16}, 16)
    rows = ["step,a,val/b", "2,1,", "10,10,10", "12,12,12", "14,14,14", "16,16,"]
    assert (tmp_path / "metrics.csv").read_text().splitlines() == rows
    logger.log_metrics({"a": 18}, 18)
    (tmp_path / "metrics.csv").unlink()
    logger.log_metrics({"a": 20}, 20)
    logger.finalize("success")
    assert (tmp_path / "metrics.csv").read_text().splitlines() == ["step,a", "20,20"], "a deleted file begins anew"
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.csv"]


def test_a_damaged_file_is_kept_and_what_is_readable_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Spreadsheets, power cuts and full disks."""
    path = tmp_path / "metrics.csv"
    for copy in ("metrics.damaged-1.csv", "metrics.damaged-2.csv"):
        damaged = b"a;step\r\n2,5;2\r\n3,5;#N/A\r\n4,5;4\r\n" + b"\0" * 9
        path.write_bytes(damaged)
        caplog.clear()
        MetricsCSVLogger(tmp_path, step=2).log_metrics({"b": 1}, 6)
        assert path.read_text().splitlines() == ["step,a,b", "2,2.5,", "6,,1"]
        assert (tmp_path / copy).read_bytes() == damaged
        assert [record.getMessage() for record in caplog.records] == [
            f"2 rows of {path} cannot be read: a copy is kept as {copy}"
        ]


def test_a_deleted_folder_is_not_created_again(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.path.mkdir()
    run.config.touch()
    logger = MetricsCSVLogger(run.path)
    logger.log_metrics({"a": 1}, 2)
    shutil.rmtree(run.path)
    run.samples.mkdir(parents=True)  # by another callback
    for log in (lambda: logger.log_metrics({"a": 2}, 4), lambda: logger.finalize("success")):
        with pytest.raises(WriteError, match="its folder has been deleted"):
            log()
    assert not run.metrics.exists()
