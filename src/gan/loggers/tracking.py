"""Trackers: the CSV file that every run has, Weights & Biases, and TensorBoard."""

import csv
import logging
import os
from abc import ABC, abstractmethod
from argparse import Namespace
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import wandb
from pytorch_lightning.loggers import Logger, TensorBoardLogger, WandbLogger
from pytorch_lightning.loggers.logger import rank_zero_experiment
from torch import Tensor

from gan.errors import one_line
from gan.loggers.upload import upload_run

__all__ = ["MetricsCSVLogger", "PictureLogger", "TensorBoard", "WeightsAndBiases"]

log = logging.getLogger(__name__)


class MetricsCSVLogger(Logger):
    """Writes ``metrics.csv``, a row a step; a resumed run goes on in the same file.

    Args:
        folder: The run's folder.
        step: The generator update that the run goes on from; rows after it are dropped.
    """

    name, version = "csv", ""

    def __init__(self, folder: str | Path, step: int = 0) -> None:
        super().__init__()
        self.path = Path(folder) / "metrics.csv"
        self.columns = ["step"]
        self.row: dict[str, Any] = {}
        self.place = 0  # of the last row in the file
        if self.path.is_file():
            self._write([row for row in self._read() if int(row["step"]) <= step])

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Add scalars to a step's row, the last one of the file or a new one."""
        assert step is not None
        if step != self.row.get("step"):
            self.row = {"step": step}
            self.place = self.path.stat().st_size if self.path.is_file() else 0
        self.row |= {name: f"{value:.6g}" for name, value in metrics.items()}
        if self.row.keys() <= set(self.columns) and self.place:
            with self.path.open("r+", newline="") as file:
                file.seek(self.place)
                csv.DictWriter(file, self.columns).writerow(self.row)
        else:  # a new column
            before = [row for row in self._read() if row["step"] != str(step)] if self.path.is_file() else []
            self._write([*before, self.row])

    def log_hyperparams(self, params: dict[str, Any] | Namespace, *args: Any, **kwargs: Any) -> None:
        """Leave them to config.yaml."""

    def _read(self) -> list[dict[str, Any]]:
        with self.path.open(newline="") as file:
            return [{name: value for name, value in row.items() if value} for row in csv.DictReader(file)]

    def _write(self, rows: list[dict[str, Any]]) -> None:
        """Write the whole file anew, and have its last row at hand."""
        self.columns = list(dict.fromkeys(key for row in [{"step": 0}, *rows] for key in row))
        partial = self.path.with_name(self.path.name + ".partial")
        with partial.open("w", newline="") as file:
            writer = csv.DictWriter(file, self.columns)
            writer.writeheader()
            for row in rows:
                self.place = file.tell()
                writer.writerow(row)
        partial.replace(self.path)
        self.row = {**rows[-1], "step": int(rows[-1]["step"])} if rows else {}


class PictureLogger(ABC):
    """A tracker that takes pictures beside numbers."""

    @abstractmethod
    def log_picture(self, name: str, image: Tensor, step: int) -> None:
        """Log an image, uint8 with shape (C, H, W), under a name, at a generator update."""


class WeightsAndBiases(WandbLogger, PictureLogger):
    """Online where a key is configured and the server answers, offline otherwise; it never asks.

    Args:
        folder: The run's folder.
        project: The project there.
        name: The run's name there.
        id: The run's identity, by which a resumed run goes on.
        mode: ``online``, ``offline`` or ``disabled``; None leaves it to ``WANDB_MODE``, then to whether there is a key.
        timeout: Seconds to wait for the server before the run is tracked offline.
        **settings: What else ``wandb.init`` takes, such as ``entity``, ``group``, ``tags`` or ``notes``.
    """

    def __init__(
        self,
        folder: str,
        project: str,
        name: str | None = None,
        id: str | None = None,
        mode: Literal["online", "offline", "disabled"] | None = None,
        timeout: float = 30.0,
        **settings: Any,
    ) -> None:
        super().__init__(name=name, save_dir=folder, project=project, id=id, **settings)
        self.mode = mode or os.environ.get("WANDB_MODE")
        self._wandb_init.pop("anonymous", None)  # W&B warns of it, set or not
        self._wandb_init["settings"] = wandb.Settings(silent=True, init_timeout=timeout)

    @property
    @rank_zero_experiment
    def experiment(self) -> Any:
        """The run, begun at the first use: offline if online fails."""
        if self._experiment is None:
            Path(self.save_dir or ".").mkdir(parents=True, exist_ok=True)
            mode = self.mode
            try:
                if mode is None:
                    mode = "online" if wandb.login(prompt=False, verify=False) else "offline"
                self._wandb_init["mode"] = mode
                return super().experiment
            except (wandb.errors.Error, ValueError) as error:  # a wrong key or setting, or no way to the server
                log.warning("W&B is not to be reached (%s); this run is tracked offline", _first_line(error))
                wandb.teardown()  # else the run that did not begin holds on to its id
                self._wandb_init["mode"] = "offline"
        return super().experiment

    def close(self, folder: Path) -> None:
        """Hand over what a run's folder holds, end the run, and say where it is."""
        run = self.experiment
        try:
            upload_run(run, folder)
        except Exception as error:  # whatever W&B or the film trips over, the run has its results already
            log.warning("W&B did not get all that the run ended with (%s)", one_line(error))
        run.finish()
        if run.offline:
            print(f"W&B      wandb sync {os.path.relpath(Path(run.dir).parent)}")
        elif run.url:
            print(f"W&B      {run.url}")

    def abandon(self, will_go_on: bool) -> None:
        """End the run as failed or, where it will go on, as preempted; a sweep would begin such a run anew."""
        if will_go_on and not self.experiment.sweep_id:
            self.experiment.mark_preempting()
        self.experiment.finish(exit_code=1)

    def log_picture(self, name: str, image: Tensor, step: int) -> None:
        self.log_image(name, [image.float() / 255], step=step)


class TensorBoard(TensorBoardLogger, PictureLogger):
    """Event files in the run's folder, for ``tensorboard --logdir runs``.

    Args:
        folder: The run's folder.

    Raises:
        ValueError: If the package is not installed.
    """

    def __init__(self, folder: str) -> None:
        if find_spec("tensorboard") is None:
            raise ValueError("logger=tensorboard needs a package: pip install -e '.[tensorboard]'")
        super().__init__(folder, name="", version="tensorboard")

    def log_picture(self, name: str, image: Tensor, step: int) -> None:
        self.experiment.add_image(name, image, step)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
