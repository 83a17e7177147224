"""Pictures to loggers: in the form that each takes, and to none that takes scalars alone."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from pytorch_lightning.loggers import CSVLogger, MLFlowLogger, TensorBoardLogger, WandbLogger
from torch import Tensor

from gan.loggers.base import PictureLogger
from gan.loggers.pictures import log_picture, send_picture
from tests.conftest import TINY, Run

PICTURE = torch.arange(12, dtype=torch.uint8).reshape(3, 2, 2)


class Own(PictureLogger):
    """Logger of a user."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int]] = []

    def log_picture(self, name: str, image: Tensor, step: int) -> None:
        assert image is PICTURE
        self.calls.append((name, step))


def test_each_logger_gets_its_form() -> None:
    board, wandb, mlflow, own = Mock(spec=TensorBoardLogger), Mock(spec=WandbLogger), Mock(spec=MLFlowLogger), Own()
    for logger in (board, wandb, mlflow, own, Mock(spec=CSVLogger)):
        send_picture(logger, "samples", PICTURE, 3)
    board.experiment.add_image.assert_called_once_with("samples", PICTURE, 3)
    (name, (image,)), settings = wandb.log_image.call_args
    assert (name, settings) == ("samples", {"step": 3})
    assert float(image.max()) == pytest.approx(11 / 255)
    (run_id, image), settings = mlflow.experiment.log_image.call_args
    assert (run_id, settings) == (mlflow.run_id, {"key": "samples", "step": 3})
    assert (image == np.asarray(PICTURE.permute(1, 2, 0))).all()
    assert own.calls == [("samples", 3)]


def test_training_goes_on_past_pictures_that_cannot_be_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "samples").write_text("a file where a folder should be")
    own = Own()
    for step in (10, 20):
        trainer = SimpleNamespace(loggers=[own], global_step=step)
        log_picture(trainer, "samples", PICTURE, tmp_path / "samples" / f"{step}.png")
    assert own.calls == [("samples", 10), ("samples", 20)], "loggers get them all the same"
    (record,) = caplog.records
    assert f"cannot write {tmp_path}/samples/10.png (File exists); training goes on" in record.getMessage()


def test_mlflow(train: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mlflow", reason="mlflow is not installed: pip install mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    logger = "{_target_: pytorch_lightning.loggers.MLFlowLogger, experiment_name: digits, save_dir: %s}"
    options = ["trainer.max_steps=2", "evaluate.every_n_steps=1", f"+logger.mlflow={logger % (tmp_path / 'mlruns')}"]
    run = train(*TINY, *options)
    assert run.status == 0, run.err
    written = {path.name for path in (tmp_path / "mlruns").rglob("*")}
    assert {"fd_classifier", "images_per_second"} <= written
    assert len([name for name in written if name.startswith("samples") and name.endswith(".png")]) == 2
