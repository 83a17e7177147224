"""Logger that writes metrics.csv."""

import csv
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import Logger

from gan.runs.folder import OutputPath, RunFolder
from gan.runs.writing import atomic_path

__all__ = ["MetricsCSVLogger"]


class MetricsCSVLogger(Logger):
    """Writes metrics.csv, one row per step, and appends to the file of a resumed run.

    Args:
        folder: Run folder.
        step: Generator update that the run resumes from. Later rows are dropped.
    """

    name = version = ""

    def __init__(self, folder: OutputPath | Path, step: int = 0) -> None:
        super().__init__()
        self.path = RunFolder(Path(folder)).metrics
        self.columns = ["step"]
        self.row: dict[str, Any] = {}
        self.row_offset = 0  # in bytes, of the last row in the file
        if self.path.is_file():
            self._rewrite([row for row in self._read() if int(row["step"]) <= step])

    @property
    def save_dir(self) -> str:
        """The run folder: Lightning's profilers and ModelCheckpoint write to it by default."""
        return str(self.path.parent)

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Add scalars to the row of a step, which is the last row or a new one."""
        assert step is not None
        if step != self.row.get("step"):
            self.row = {"step": step}
            self.row_offset = self.path.stat().st_size if self.path.is_file() else 0
        self.row |= {name: f"{value:.6g}" for name, value in metrics.items()}
        if self.row.keys() <= set(self.columns) and self.row_offset:
            with self.path.open("r+", newline="", encoding="utf-8") as file:
                file.seek(self.row_offset)
                csv.DictWriter(file, self.columns).writerow(self.row)
        else:  # a new column
            earlier = [row for row in self._read() if row["step"] != str(step)] if self.path.is_file() else []
            self._rewrite([*earlier, self.row])

    def log_hyperparams(self, params: dict[str, Any] | Namespace, *args: Any, **kwargs: Any) -> None:
        """Do nothing: config.yaml has them."""

    def _read(self) -> list[dict[str, Any]]:
        with self.path.open(newline="", encoding="utf-8") as file:
            return [{name: value for name, value in row.items() if value} for row in csv.DictReader(file)]

    def _rewrite(self, rows: list[dict[str, Any]]) -> None:
        """Write the whole file, and continue with its last row."""
        self.columns = list(dict.fromkeys(key for row in [{"step": 0}, *rows] for key in row))
        with atomic_path(self.path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self.columns)
            writer.writeheader()
            for row in rows:
                self.row_offset = file.tell()
                writer.writerow(row)
        self.row = {**rows[-1], "step": int(rows[-1]["step"])} if rows else {}
