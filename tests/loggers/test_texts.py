"""Lines of text to loggers: in the form that each takes, and to none that takes scalars alone."""

from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from pytorch_lightning.loggers import CSVLogger, MLFlowLogger, TensorBoardLogger, WandbLogger

from gan.loggers.texts import log_lines, send_lines

LINES = ["a man .", "two dogs ."]


def test_each_logger_gets_its_form() -> None:
    board, wandb, mlflow = Mock(spec=TensorBoardLogger), Mock(spec=WandbLogger), Mock(spec=MLFlowLogger)
    for logger in (board, wandb, mlflow, Mock(spec=CSVLogger)):
        send_lines(logger, "samples", LINES, 3)
    board.experiment.add_text.assert_called_once_with("samples", "    a man .\n    two dogs .", 3)
    wandb.log_text.assert_called_once_with("samples", columns=["text"], data=[["a man ."], ["two dogs ."]], step=3)
    mlflow.experiment.log_text.assert_called_once_with(mlflow.run_id, "a man .\ntwo dogs .", "samples/000003.txt")


def test_training_goes_on_past_text_that_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "samples").write_text("a file where a folder should be")
    board = Mock(spec=TensorBoardLogger)
    for step in (10, 20):
        trainer = SimpleNamespace(loggers=[board], global_step=step)
        log_lines(trainer, "samples", LINES, tmp_path / "samples" / f"{step}.txt")
    assert board.experiment.add_text.call_count == 2, "loggers get them all the same"
    (record,) = caplog.records
    assert "training goes on, without samples" in record.getMessage()
