"""Runs that have ended or are going on, as far as their folders tell of them."""

import csv
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from gan.errors import UserError

__all__ = ["Results", "Run", "find_runs", "read_run"]

UNFINISHED = "unfinished: still going, or killed"


@dataclass(frozen=True)
class Results:
    """What results.json says of a run that finished.

    Attributes:
        steps: Generator updates.
        wall_seconds: Time of the process that ended it.
        score_name: The score that runs are compared by; None where nothing was evaluated.
        higher_is_better: Whether more is better, by the name of the score.
        protocol: All that decides the scores beside the generator.
        baselines: That score of held-out real images and of noise.
    """

    steps: int
    wall_seconds: float
    score_name: str | None
    higher_is_better: dict[str, bool]
    protocol: dict[str, Any]
    baselines: dict[str, float]


@dataclass(frozen=True)
class Run:
    """A run's folder, read.

    Attributes:
        folder: Where it is.
        config: Its configuration, resolved.
        results: None for a run that failed or has not finished.
        failure: Why there are no results; None where there are.
        scores: Every score by name, by its step.
        seconds: Time of training alone, over all parts of a resumed run, by step.
        last_step: The last generator update that anything was logged of.
    """

    folder: Path
    config: dict[str, Any]
    results: Results | None = None
    failure: str | None = None
    scores: dict[int, dict[str, float]] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)
    last_step: int | None = None

    @property
    def unfinished(self) -> bool:
        """Whether it has left neither results nor an error."""
        return self.failure == UNFINISHED


def find_runs(folders: Iterable[Path]) -> list[Run]:
    """Read the runs in some folders, at any depth, each once.

    Raises:
        UserError: If a folder does not exist, or holds no run.
    """
    found: dict[Path, Run] = {}
    for folder in folders:
        if not folder.is_dir():
            raise UserError(f"{folder} is not a folder")
        count = 0
        for place, below, files in os.walk(folder):
            below.sort()
            if "config.yaml" in files:
                below.clear()  # what a run's folder holds, W&B's files among it, is no run
                count += 1
                if (path := Path(place).resolve()) not in found:
                    found[path] = read_run(Path(place))
        if not count:
            raise UserError(f"{folder} holds no run: there is no config.yaml in it or below")
    return list(found.values())


def read_run(folder: Path) -> Run:
    """Read a run's folder; what is damaged in it is the run's failure."""
    results: Results | None = None
    config: dict[str, Any] | None = None
    scores: dict[int, dict[str, float]] = {}
    failure = None
    try:
        results, config, scores = _results(json.loads((folder / "results.json").read_text()))
    except FileNotFoundError:
        failure = UNFINISHED
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        failure = "results.json is damaged"
    if (folder / "error.txt").is_file():  # results beside it are of what the run had done before it was resumed
        lines = (folder / "error.txt").read_text(errors="replace").split("\n")
        results, config, failure = None, None, lines[0].strip() or "error.txt is empty"
    if config is None:
        try:
            config = json.loads(json.dumps(OmegaConf.to_container(OmegaConf.load(folder / "config.yaml")), default=str))
            if not isinstance(config, dict):
                raise TypeError
        except Exception:  # YAML's errors share no base with OmegaConf's
            config, failure = {"name": folder.name}, "config.yaml is damaged"
    logged, seconds, last_step = _metrics(folder / "metrics.csv")
    return Run(folder, config, results, failure, scores if results else logged, seconds, last_step)


def _results(found: Any) -> tuple[Results, dict[str, Any], dict[int, dict[str, float]]]:
    """Check what results.json holds, and take from it what reports need."""
    scores = {
        int(step): {str(name): float(score) for name, score in scores.items()}
        for step, scores in found.get("scores", {}).items()
    }
    name = found["score_name"] if scores else None
    higher = {str(score): bool(is_better) for score, is_better in found["higher_is_better"].items()} if scores else {}
    last = scores[max(scores)] if scores else {}
    if scores and not (name in last and last.keys() <= higher.keys()):
        raise KeyError(name)
    results = Results(
        steps=int(found["global_step"]),
        wall_seconds=float(found["wall_seconds"]),
        score_name=name,
        higher_is_better=higher,
        protocol=dict(found["protocol"]) if name else {},
        baselines={key: float(value) for key, value in found.get("baselines", {}).items()},
    )
    return results, dict(found["config"]), dict(sorted(scores.items()))


def _metrics(path: Path) -> tuple[dict[int, dict[str, float]], dict[int, float], int | None]:
    """Read scores and training time by step, and the last step, from a metrics.csv, as far as it can be read."""
    scores: dict[int, dict[str, float]] = {}
    seconds: dict[int, float] = {}
    last_step, before, latest = None, 0.0, 0.0
    try:
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                last_step = int(row["step"])
                values = {key[4:]: float(value) for key, value in row.items() if value and key.startswith("val/")}
                if "training_seconds" in values:
                    now = values.pop("training_seconds")
                    before += latest if now < latest else 0.0  # the clock of a resumed run starts anew
                    latest, seconds[last_step] = now, before + now
                if values:
                    scores[last_step] = values
    except (OSError, ValueError, KeyError, TypeError, AttributeError, csv.Error):
        pass  # a run that was killed may leave half a line
    return scores, seconds, last_step
