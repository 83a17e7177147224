"""Run folder: its paths, atomic writes, and telling runs, checkpoints, exports and image folders apart."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated

__all__ = [
    "BEST_CHECKPOINT",
    "EXPORTED_WEIGHTS",
    "LAST_CHECKPOINT",
    "PAGE",
    "OutputPath",
    "PathKind",
    "RunFolder",
    "atomic_path",
    "classify",
    "find_export",
    "relative_to_cwd",
    "run_folder_of",
    "sample_grid",
]

BEST_CHECKPOINT = "best.ckpt"
CHECKPOINTS = "checkpoints"
EXPORTED_WEIGHTS = "generator.safetensors"
LAST_CHECKPOINT = "last.ckpt"
PAGE = "report.html"

OutputPath = Annotated[str, "output"]
"""Argument that says where a part writes: this call's own choice, never that of a checkpoint."""


@dataclass(frozen=True)
class RunFolder:
    """Paths of a run.

    Args:
        path: The folder.
    """

    path: Path

    @property
    def config(self) -> Path:
        """Commands of the run as comments, and its resolved configuration."""
        return self.path / "config.yaml"

    @property
    def results(self) -> Path:
        """Score, protocol, baselines, versions, throughput and memory."""
        return self.path / "results.json"

    @property
    def metrics(self) -> Path:
        """Logged scalars, one row per step."""
        return self.path / "metrics.csv"

    @property
    def error(self) -> Path:
        """Error that ended the run, in one line."""
        return self.path / "error.txt"

    @property
    def page(self) -> Path:
        """Report page."""
        return self.path / PAGE

    @property
    def samples(self) -> Path:
        """Folder of sample grids, ``<step>.png``."""
        return self.path / "samples"

    @property
    def neighbors(self) -> Path:
        """Samples beside their nearest training images."""
        return self.path / "neighbors.png"

    @property
    def animation(self) -> Path:
        """Sample grids as an animation."""
        return self.path / "film.gif"

    @property
    def evaluation(self) -> Path:
        """Output of ``python -m gan.evaluate``."""
        return self.path / "evaluation.json"

    @property
    def checkpoints(self) -> Path:
        """Folder of checkpoints."""
        return self.path / CHECKPOINTS

    @property
    def best(self) -> Path:
        """Checkpoint with the best score."""
        return self.checkpoints / BEST_CHECKPOINT

    @property
    def last(self) -> Path:
        """Latest checkpoint."""
        return self.checkpoints / LAST_CHECKPOINT

    @property
    def preferred_checkpoint(self) -> Path:
        """The best checkpoint, or the latest if nothing was evaluated."""
        return self.best if self.best.is_file() or not self.last.is_file() else self.last

    def sample_grids(self, last_step: int | None = None) -> list[Path]:
        """List the sample grids by step, up to ``last_step``."""
        grids = {int(path.stem): path for path in self.samples.glob("*.png") if path.stem.isdecimal()}
        return [path for step, path in sorted(grids.items()) if last_step is None or step <= last_step]


def sample_grid(samples: Path, step: int) -> Path:
    """Return the path of a step's sample grid in the folder ``samples``."""
    return samples / f"{step:06d}.png"


class PathKind(Enum):
    """Kinds of path that the commands accept."""

    RUN = "a run's folder"
    CHECKPOINT = "a checkpoint"
    EXPORT = "exported weights"
    IMAGES = "a folder of images"


def classify(path: Path) -> PathKind:
    """Return the kind of a path: a folder of exported weights is an EXPORT, and everything unrecognised is IMAGES."""
    if find_export(path) is not None:
        return PathKind.EXPORT
    if RunFolder(path).checkpoints.is_dir():
        return PathKind.RUN
    return PathKind.CHECKPOINT if path.is_file() else PathKind.IMAGES


def find_export(path: Path) -> Path | None:
    """Return the exported weights that a path names, directly or by their folder; None if it names none."""
    if path.suffix == ".safetensors":
        return path
    weights = path / EXPORTED_WEIGHTS
    exported = weights.is_file() or weights.with_suffix(".json").is_file()
    return weights if exported and not RunFolder(path).checkpoints.is_dir() else None


def run_folder_of(checkpoint: Path) -> Path | None:
    """Return the run's folder that a path belongs to: itself, or the parent of ``checkpoints/``; None if neither."""
    if checkpoint.is_dir():
        return checkpoint
    return checkpoint.parent.parent if checkpoint.parent.name == CHECKPOINTS else None


def relative_to_cwd(path: Path) -> Path:
    """Return a path relative to the current folder if it is inside, for messages and commands; otherwise unchanged."""
    resolved, current = path.resolve(), Path.cwd()
    return resolved.relative_to(current) if resolved.is_relative_to(current) else path


@contextmanager
def atomic_path(path: Path, shared: bool = False) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` that replaces it on success and is removed on error.

    Args:
        path: The file to write; its folder is created.
        shared: Whether several processes may write the file at once, as in a cache.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial" if shared else f"{path.name}.partial")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
