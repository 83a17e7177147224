"""Record of a run: configuration, commands, results and metrics, parsed once, without importing torch."""

import json
import logging
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import yaml
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import AfterValidator, Field, FiniteFloat, TypeAdapter, ValidationError

from gan.errors import UserError, first_problem, one_line
from gan.formats import printable
from gan.runs.commands import parse_commands
from gan.runs.folder import RunFolder
from gan.runs.metrics_rows import MAX_NAME, MAX_STEP, read_rows
from gan.runs.reading import read_text

__all__ = [
    "Metrics",
    "NeighborDistances",
    "Results",
    "RunRecord",
    "Scores",
    "Series",
    "best_score",
    "find_runs",
    "read_metrics",
    "read_results",
    "read_run",
]

log = logging.getLogger(__name__)

UNFINISHED = "unfinished: still running, or killed"

Step = Annotated[int, Field(ge=0, le=MAX_STEP)]
Seconds = Annotated[FiniteFloat, Field(ge=0, le=1e12)]
Name = Annotated[str, Field(max_length=MAX_NAME)]
Scores = dict[Step, dict[Name, float]]
"""Scores by name, by generator update."""


def _check_protocol(protocol: dict[str, Any]) -> dict[str, Any]:
    """Check the parts of a protocol that reports put in words."""
    images = [protocol.get(key, 0) for key in ("real_images", "fake_images")]
    measures = protocol.get("measures", {})
    if not all(isinstance(count, int) for count in images):
        raise ValueError("the numbers of images must be integers")
    if not (isinstance(measures, dict) and all(isinstance(settings, dict) for settings in measures.values())):
        raise ValueError("measures must hold settings by name")
    return protocol


class Series(NamedTuple):
    """A column of metrics.csv: the steps at which it was logged, and its values."""

    steps: list[int]
    values: list[float]


@dataclass(frozen=True)
class Metrics:
    """Contents of metrics.csv.

    Attributes:
        series: Logged values by column.
        scores: Scores by step, without their prefix ``val/``.
        seconds: Training time by step in seconds, over all parts of a resumed run.
        last_step: Last generator update that was logged.
        damage: Why some rows were not read; None if all were.
    """

    series: dict[str, Series] = field(default_factory=dict)
    scores: Scores = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)
    last_step: int | None = None
    damage: str | None = None


@dataclass(frozen=True)
class NeighborDistances:
    """Mean distances to the nearest training image.

    Attributes:
        searched: Number of training images that were searched.
        training_images: Size of the training set.
        distance: Mean distance of samples.
        held_out_distance: Mean distance of held-out images.
    """

    searched: int
    training_images: int
    distance: float
    held_out_distance: float


@dataclass(frozen=True)
class Results:
    """Contents of results.json. Runs without evaluation have no scores, and no score name.

    Attributes:
        config: Resolved configuration.
        global_step: Generator updates.
        wall_seconds: Duration of the process that finished the run.
        command: Command of that process.
        versions: Versions of Python and packages.
        device: Name of the accelerator.
        ranks: World size.
        seed: Seed.
        stopped: Why the run ended early; None if it did not.
        score_name: Name of the main score, by which runs are compared.
        score: Best main score.
        best_step: Its generator update.
        scores: Scores by step.
        higher_is_better: Whether higher is better, by score.
        baselines: Main score of held-out real images and of noise.
        protocol: Everything that affects the scores besides the generator.
        game: Last means of the logged training terms.
        neighbors: Distances to the nearest training images; None without a figure.
        images_per_second: Throughput of training alone.
        peak_memory_mb: Peak memory.
        warnings: Warnings of the run, each once.
    """

    config: dict[str, Any]
    global_step: Step
    wall_seconds: Seconds
    command: str | None = None
    versions: dict[str, str] = field(default_factory=dict)
    device: str | None = None
    ranks: int = 1
    seed: int | None = None
    stopped: str | None = None
    score_name: str | None = None
    score: float | None = None
    best_step: Step | None = None
    scores: Scores = field(default_factory=dict)
    higher_is_better: dict[str, bool] = field(default_factory=dict)
    baselines: dict[str, float] = field(default_factory=dict)
    protocol: Annotated[dict[str, Any], AfterValidator(_check_protocol)] = field(default_factory=dict)
    game: dict[str, float] = field(default_factory=dict)
    neighbors: NeighborDistances | None = None
    images_per_second: FiniteFloat | None = None
    peak_memory_mb: FiniteFloat | None = None
    warnings: list[str] = field(default_factory=list)


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


def best_score(scores: Mapping[int, Mapping[str, float]], name: str, higher_is_better: bool) -> tuple[int, float]:
    """Return the step with the best score, the last one of several, and the score. NaN is worse than any number."""
    values = {step: named[name] for step, named in scores.items() if name in named}
    numbers = {step: value for step, value in values.items() if not math.isnan(value)} or values
    sign = 1 if higher_is_better else -1
    step = max(numbers, key=lambda step: (sign * numbers[step], step))
    return step, numbers[step]


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


def read_results(path: Path) -> Results:
    """Read and check a results.json.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is damaged.
    """
    try:
        results = TypeAdapter(Results).validate_python(json.loads(read_text(path)))
        _plain(OmegaConf.create(results.config))
    except ValidationError as error:
        raise ValueError(first_problem(error)) from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except OmegaConfBaseException as error:
        raise ValueError(f"config: {error}") from error
    if not results.scores:
        return replace(results, score_name=None, higher_is_better={}, protocol={})
    last = results.scores[max(results.scores)]
    names = {name for scores in results.scores.values() for name in scores}
    if results.score_name not in last or not names <= results.higher_is_better.keys():
        raise ValueError(f"scores: the last step lacks {results.score_name}, or a score has no direction")
    return replace(results, scores=dict(sorted(results.scores.items())))


def read_metrics(path: Path) -> Metrics:
    """Read what is readable of a metrics.csv; a killed run may leave half a row."""
    series: dict[str, Series] = {}
    scores: Scores = {}
    seconds: dict[int, float] = {}
    earlier, latest = 0.0, 0.0
    try:
        rows = read_rows(path)
    except FileNotFoundError:
        return Metrics()
    except OSError as error:
        return Metrics(damage=f"{path.name} cannot be read ({one_line(error)})")
    for step, cells in rows.cells.items():
        values = {column: float(text) for column, text in cells.items()}
        for column, value in values.items():
            steps, logged = series.setdefault(column, Series([], []))
            steps.append(step)
            logged.append(value)
        named = {column[4:]: value for column, value in values.items() if column.startswith("val/")}
        if (now := named.pop("training_seconds", math.nan)) >= 0 and math.isfinite(now):
            earlier += latest if now < latest else 0.0  # a resumed run may count from zero again
            latest, seconds[step] = now, earlier + now
        if named:
            scores[step] = named
    damage = f"{path.name} is damaged: {rows.lost} of its rows are not shown" if rows.lost else None
    return Metrics(series, scores, seconds, max(rows.cells, default=None), damage)


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
        config = _plain(OmegaConf.create(text))
    except Exception as error:  # YAML's errors and OmegaConf's have no common base class
        return None, commands, _damaged(run.config, error)
    return config, commands, None


def _plain(config: Any) -> dict[str, Any]:
    plain = json.loads(json.dumps(OmegaConf.to_container(config), default=str))
    if not isinstance(plain, dict):
        raise ValueError("it is a list")
    return plain


def _damaged(path: Path, error: Exception) -> str:
    return printable(f"{path.name} is damaged: {str(error).strip().partition(chr(10))[0]}")


def _unreadable(path: Path, error: OSError) -> str:
    return f"{path.name} cannot be read: {error.strerror}"
