"""Record of a run: configuration, commands, results and metrics, parsed once, without importing torch."""

import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml
from omegaconf import OmegaConf

from gan.errors import UserError, one_line
from gan.formats import printable
from gan.runs.commands import parse_commands
from gan.runs.folder import RunFolder
from gan.runs.metrics_file import Metrics, read_metrics
from gan.runs.reading import read_text
from gan.runs.results_file import Results, Scores, plain_values, read_results

__all__ = ["RunRecord", "find_runs", "read_run"]

log = logging.getLogger(__name__)

UNFINISHED = "unfinished: still running, or killed"


@dataclass(frozen=True)
class RunRecord:
    """Everything that a run's folder says about it.

    Attributes:
        folder: The run's folder.
        config: Resolved configuration.
        commands: Commands that made the run, one for each part of a resumed run, as comments.
        metrics: Contents of metrics.csv.
        results: Contents of results.json; None if the run failed or has not finished.
        failure: Why there are no results; None if there are.
    """

    folder: RunFolder
    config: dict[str, Any]
    commands: list[str] = field(default_factory=list)
    metrics: Metrics = field(default_factory=Metrics)
    results: Results | None = None
    failure: str | None = None

    @property
    def state(self) -> Literal["finished", "stopped", "failed", "unfinished"]:
        """State of the run, by its results and its error file."""
        if self.results is not None:
            return "finished" if self.results.stopped is None else "stopped"
        return "unfinished" if self.failure == UNFINISHED else "failed"

    @property
    def name(self) -> str:
        """Name from the configuration, or of the folder."""
        return printable(str(self.config.get("name") or self.folder.path.name))

    @property
    def seed(self) -> str | None:
        """Seed from the configuration, as text; None without one."""
        return printable(str(self.config["seed"])) if "seed" in self.config else None

    def group(self, name: str) -> dict[str, Any]:
        """Return the options of a config group; none if it is missing or something else."""
        options = self.config.get(name)
        return options if isinstance(options, dict) else {}

    @property
    def scores(self) -> Scores:
        """Scores by step: final ones of a finished run, logged ones of another."""
        return self.metrics.scores if self.results is None else self.results.scores


def find_runs(folders: Iterable[Path]) -> list[RunRecord]:
    """Read the runs below some folders, at any depth, each once.

    Raises:
        UserError: If a folder does not exist or contains no run.
    """
    runs: dict[Path, RunRecord] = {}
    for folder in folders:
        if not folder.is_dir():
            raise UserError(f"{folder} is not a folder")
        paths = list(_run_folders(folder))
        if not paths:
            raise UserError(f"{folder} contains no run: no {RunFolder(folder).config.name} in it or below")
        for path in paths:
            if path.resolve() not in runs:
                runs[path.resolve()] = read_run(path)
    return list(runs.values())


def read_run(folder: Path) -> RunRecord:
    """Read a run's folder. Missing and damaged files are reported as the run's failure."""
    run = RunFolder(folder)
    results, failure = _read_outcome(run)
    config, commands, damage = _read_config(run)
    if results is not None:
        config = results.config
    elif config is None:
        failure = damage
    return RunRecord(run, config or {"name": folder.name}, commands, read_metrics(run.metrics), results, failure)


def _run_folders(folder: Path) -> Iterable[Path]:
    for parent, folders, files in os.walk(folder, onerror=_warn_of_unreadable):
        folders.sort()
        if RunFolder(Path(parent)).config.name in files:
            folders.clear()  # folders inside a run, such as those of W&B, are not runs
            yield Path(parent)


def _warn_of_unreadable(error: OSError) -> None:
    log.warning("%s cannot be read (%s): runs in it are left out", error.filename, one_line(error))


def _read_outcome(run: RunFolder) -> tuple[Results | None, str | None]:
    """Return the results, or why there are none. An error is newer than results: the run failed when resumed."""
    try:
        first_line = read_text(run.error).split("\n")[0].strip()
        return None, printable(first_line) or f"{run.error.name} is empty"
    except FileNotFoundError:
        pass
    except OSError as error:
        return None, _unreadable(run.error, error)
    try:
        return read_results(run.results), None
    except FileNotFoundError:
        return None, UNFINISHED
    except OSError as error:
        return None, _unreadable(run.results, error)
    except ValueError as error:
        return None, _damaged(run.results, error)


def _read_config(run: RunFolder) -> tuple[dict[str, Any] | None, list[str], str | None]:
    """Return the configuration as plain values, the commands above it, and what is wrong with it if it is None."""
    try:
        text = read_text(run.config)
    except OSError as error:
        return None, [], _unreadable(run.config, error)
    commands = [printable(command, 10_000) for command in parse_commands(text)]
    try:
        if "*" in text and any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            raise ValueError("it has YAML aliases")  # a few of which multiply to gigabytes; no run writes any
        config = plain_values(OmegaConf.create(text))
    except Exception as error:  # YAML's errors and OmegaConf's have no common base class
        return None, commands, _damaged(run.config, error)
    return config, commands, None


def _damaged(path: Path, error: Exception) -> str:
    return printable(f"{path.name} is damaged: {str(error).strip().partition(chr(10))[0]}")


def _unreadable(path: Path, error: OSError) -> str:
    return f"{path.name} cannot be read: {error.strerror}"
