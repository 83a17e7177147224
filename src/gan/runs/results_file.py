"""Contents of a run's results.json, read and checked without importing torch."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import AfterValidator, Field, FiniteFloat, TypeAdapter, ValidationError

from gan.errors import first_problem
from gan.runs.metrics_rows import MAX_NAME, MAX_STEP
from gan.runs.reading import read_text

__all__ = ["NeighborDistances", "Results", "Scores", "best_score", "plain_values", "read_results"]

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
        trivial_baselines: All scores of trivial generators, such as a copy of the source image, by their names.
        protocol: Everything that affects the scores besides the generator.
        game: Last means of the logged training terms.
        usage: Command that uses the generator, without ``gan.``, and its options; empty for one that draws samples.
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
    trivial_baselines: dict[Name, dict[Name, float]] = field(default_factory=dict)
    protocol: Annotated[dict[str, Any], AfterValidator(_check_protocol)] = field(default_factory=dict)
    game: dict[str, float] = field(default_factory=dict)
    usage: list[str] = field(default_factory=list)
    neighbors: NeighborDistances | None = None
    images_per_second: FiniteFloat | None = None
    peak_memory_mb: FiniteFloat | None = None
    warnings: list[str] = field(default_factory=list)


def best_score(scores: Mapping[int, Mapping[str, float]], name: str, higher_is_better: bool) -> tuple[int, float]:
    """Return the step with the best score, the last one of several, and the score. NaN is worse than any number."""
    values = {step: named[name] for step, named in scores.items() if name in named}
    numbers = {step: value for step, value in values.items() if not math.isnan(value)} or values
    sign = 1 if higher_is_better else -1
    step = max(numbers, key=lambda step: (sign * numbers[step], step))
    return step, numbers[step]


def read_results(path: Path) -> Results:
    """Read and check a results.json.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is damaged.
    """
    try:
        results = TypeAdapter(Results).validate_python(json.loads(read_text(path)))
        plain_values(OmegaConf.create(results.config))
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


def plain_values(config: Any) -> dict[str, Any]:
    """Return a configuration as plain values, with what JSON does not know as text.

    Raises:
        ValueError: If it is a list.
    """
    plain = json.loads(json.dumps(OmegaConf.to_container(config), default=str))
    if not isinstance(plain, dict):
        raise ValueError("it is a list")
    return plain
