"""Run folder: its paths, and telling runs, checkpoints, exports and image folders apart."""

import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated

from hydra.core.hydra_config import HydraConfig

__all__ = [
    "BEST_CHECKPOINT",
    "CAPTIONS",
    "EXPORTED_WEIGHTS",
    "LAST_CHECKPOINT",
    "PAGE",
    "PREVIOUS_CHECKPOINT",
    "START_FOLDER",
    "OutputPath",
    "PathKind",
    "RunFolder",
    "classify",
    "find_export",
    "from_start",
    "relative_to_cwd",
    "run_folder_of",
    "sample_grid",
    "start_folder",
]

BEST_CHECKPOINT = "best.ckpt"
CAPTIONS = "captions.txt"
CHECKPOINTS = "checkpoints"
EXPORTED_WEIGHTS = "generator.safetensors"
LAST_CHECKPOINT = "last.ckpt"
PAGE = "report.html"
PREVIOUS_CHECKPOINT = "previous.ckpt"
START_FOLDER = "GAN_START_FOLDER"  # environment variable of ranks, which have no configuration of Hydra's

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
    def lock(self) -> Path:
        """Lock of the process that trains the run."""
        return self.path / ".lock"

    @property
    def owner(self) -> Path:
        """Machine and ID of that process."""
        return self.path / "running.json"

    @property
    def samples(self) -> Path:
        """Folder of sample grids, ``<step>.png``, or of sampled text, ``<step>.txt``."""
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
    def previous(self) -> Path:
        """Checkpoint before the latest."""
        return self.checkpoints / PREVIOUS_CHECKPOINT

    @property
    def latest_checkpoint(self) -> Path | None:
        """``last.ckpt``, or without it the newest other checkpoint; None if there is none."""
        others = sorted(self.checkpoints.glob("*.ckpt"), key=lambda path: path.stat().st_mtime)
        return self.last if self.last.is_file() else next(reversed(others), None)

    @property
    def preferred_checkpoint(self) -> Path:
        """The best checkpoint, or the latest if nothing was evaluated."""
        return next((path for path in (self.best, self.last, self.previous) if path.is_file()), self.best)

    def sample_grids(self, last_step: int | None = None) -> list[Path]:
        """List the sample grids by step, up to ``last_step``."""
        return self._samples_by_step(".png", last_step)

    def sample_texts(self, last_step: int | None = None) -> list[Path]:
        """List the files of sampled text by step, up to ``last_step``."""
        return self._samples_by_step(".txt", last_step)

    @property
    def captions(self) -> Path:
        """Sentences that the images of each sample grid show, one line each."""
        return self.samples / CAPTIONS

    def _samples_by_step(self, suffix: str, last_step: int | None) -> list[Path]:
        files = {int(path.stem): path for path in self.samples.glob(f"*{suffix}") if path.stem.isdecimal()}
        return [path for step, path in sorted(files.items()) if last_step is None or step <= last_step]


def sample_grid(samples: Path, step: int, suffix: str = ".png") -> Path:
    """Return the path of a step's sample grid in the folder ``samples``; samples of text have the suffix ``.txt``."""
    return samples / f"{step:06d}{suffix}"


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


def start_folder() -> Path:
    """Return the folder that the user's command was started in, which ``hydra.job.chdir`` leaves."""
    if HydraConfig.initialized() and HydraConfig.get().job.chdir:
        return Path(HydraConfig.get().runtime.cwd)
    return Path(os.environ.get(START_FOLDER) or Path.cwd())


def from_start(path: Path) -> Path:
    """Return a path of the user's, which is relative to the folder of the command, as this process can open it."""
    return path if start_folder() == Path.cwd() else start_folder() / path


def relative_to_cwd(path: Path) -> Path:
    """Return a path relative to the user's current folder if inside it, for messages and commands."""
    resolved, start = path.resolve(), start_folder()
    return resolved.relative_to(start) if resolved.is_relative_to(start) else path
