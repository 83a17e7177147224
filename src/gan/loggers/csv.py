"""Logger that writes metrics.csv."""

import csv
import logging
import os
import shutil
from argparse import Namespace
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import Logger

from gan.errors import UserError
from gan.runs.folder import OutputPath, RunFolder
from gan.runs.metrics_rows import read_rows
from gan.runs.writing import WriteError, atomic_path, writing

__all__ = ["MetricsCSVLogger"]

log = logging.getLogger(__name__)


class MetricsCSVLogger(Logger):
    """Writes metrics.csv, one row per step, and appends to the file of a resumed run, with what is readable of it.

    While the disk is full, rows are kept in memory, and training goes on.

    Args:
        folder: Run folder.
        step: Generator update that the run resumes from. Later rows are dropped.
    """

    name = version = ""

    def __init__(self, folder: OutputPath | Path, step: int = 0) -> None:
        super().__init__()
        self.run = RunFolder(Path(folder))
        self.path = self.run.metrics
        self.begun = self.run.config.is_file()  # whether the folder is that of a run
        self.columns = ["step"]
        self.row: dict[str, Any] = {}
        self.rows = [self.row]  # the last row, and those before it that could not be written
        self.row_offset = 0  # in bytes, of the first of them
        self.failed, self.warned = False, False  # the last attempt to write; any
        if self.path.is_file():
            self._rewrite([row for row in self._read() if row["step"] <= step])

    @property
    def save_dir(self) -> str:
        """The run folder: Lightning's profilers and ModelCheckpoint write to it by default."""
        return str(self.path.parent)

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Add scalars to the row of a step, which is the last row or a new one.

        Raises:
            WriteError: If the run's folder has been deleted.
        """
        assert step is not None
        self._check_folder()
        if step != self.row.get("step"):
            self.row = {"step": step}
            self.rows = [*self.rows, self.row] if self.failed else [self.row]
            if not self.failed:
                self.row_offset = self.path.stat().st_size if self.path.is_file() else 0
        self.row |= {name: f"{value:.6g}" for name, value in metrics.items()}
        try:
            self._write()
        except WriteError as error:
            if not self.warned:
                log.warning("%s; training goes on, and its rows are kept in memory", error)
            self.warned = True

    def finalize(self, status: str) -> None:
        """Write what could not be written before, and the file to the disk.

        Raises:
            WriteError: If the system still refuses.
        """
        if status == "success" and self.row:
            self._check_folder()
            self._write()
            with writing(self.path), self.path.open("r+b") as file:
                os.fsync(file.fileno())

    def log_hyperparams(self, params: dict[str, Any] | Namespace, *args: Any, **kwargs: Any) -> None:
        """Do nothing: config.yaml has them."""

    def _check_folder(self) -> None:
        if self.begun and not self.run.config.is_file():  # others may have created the folder again
            raise WriteError(f"cannot write {self.path} (its folder has been deleted)")

    def _write(self) -> None:
        """Write the last rows: in place, or with the whole file if there are new columns or several rows."""
        self.failed, there = True, self.path.is_file()
        with writing(self.path):
            if there and self.row_offset and len(self.rows) == 1 and self.row.keys() <= set(self.columns):
                with self.path.open("r+", newline="", encoding="utf-8") as file:
                    file.seek(self.row_offset)
                    csv.DictWriter(file, self.columns).writerow(self.row)
            else:
                self._rewrite([*(self._read(self.row_offset) if there else []), *self.rows])
        self.failed = False

    def _read(self, end: int | None = None) -> list[dict[str, Any]]:
        """Read the rows up to an offset in bytes; None is the end of the file. A copy of a damaged file is kept."""
        try:
            found = read_rows(self.path, end)
        except OSError as error:
            raise UserError(f"{self.path} cannot be read ({error.strerror}): move it away to resume") from error
        if found.lost:
            copies = (self.path.with_name(f"metrics.damaged-{number}.csv") for number in count(1))
            copy = next(path for path in copies if not path.exists())
            with atomic_path(copy) as partial:
                shutil.copyfile(self.path, partial)
            log.warning("%d rows of %s cannot be read: a copy is kept as %s", found.lost, self.path, copy.name)
        return [{"step": step, **cells} for step, cells in found.cells.items()]

    def _rewrite(self, rows: list[dict[str, Any]]) -> None:
        """Write the whole file, and continue with its last row."""
        columns = list(dict.fromkeys(key for row in [{"step": 0}, *rows] for key in row))
        with atomic_path(self.path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            offset = 0
            for row in rows:
                offset = file.tell()
                writer.writerow(row)
        self.columns, self.row_offset = columns, offset
        self.row = dict(rows[-1]) if rows else {}
        self.rows = [self.row]
