"""metrics.csv: rows, new columns, and resumed runs."""

from pathlib import Path

import pytest

from gan.loggers.csv import MetricsCSVLogger
from gan.runs.record import read_metrics


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
