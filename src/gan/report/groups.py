"""Runs that differ in nothing but the seed are one group, named after what tells it from others."""

import json
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, NamedTuple

from gan.report.runs import Results, Run

__all__ = ["Group", "Spread", "comparable_config", "differences", "labels"]

MISSING = object()


class Spread(NamedTuple):
    """A mean over seeds, and the standard deviation between them (n - 1), None for a single one."""

    mean: float
    deviation: float | None


@dataclass(frozen=True)
class Group:
    """Runs of one configuration with several seeds.

    Attributes:
        name: What to call them in a report.
        runs: All of them, those that failed too.
    """

    name: str
    runs: list[Run]

    @property
    def finished(self) -> list[Run]:
        """The runs that have results."""
        return [run for run in self.runs if run.results is not None]

    @property
    def results(self) -> list[Results]:
        """Their results."""
        return [run.results for run in self.runs if run.results is not None]

    @property
    def seeds(self) -> int:
        """Number of different seeds among the finished runs."""
        return len({_seeds(run.config) for run in self.finished})

    def spread(self, value: Callable[[Run], float]) -> Spread:
        """Return the mean and deviation over seeds of a value that every finished run has; a seed counts once."""
        by_seed = defaultdict(list)
        for run in self.finished:
            by_seed[_seeds(run.config)].append(value(run))
        means = [fmean(values) for values in by_seed.values()]
        mean = fmean(means)
        if len(means) == 1:
            return Spread(mean, None)
        return Spread(mean, math.sqrt(math.fsum((x - mean) ** 2 for x in means) / (len(means) - 1)))


def comparable_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Take out of a configuration what tells its seeds and its own place and identity, wherever that is repeated."""
    own = {str(config[key]): f"${{{key}}}" for key in ("ckpt", "id", "run_dir") if config.get(key)}
    return {
        key: _without_own(value, own)
        for key, value in config.items()
        if key not in ("seed", "run_dir", "id", "ckpt") and value != {}  # an empty group is none
    }


def labels(names: Sequence[str], configs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Append to each of the names that occur more than once what differs between their configurations."""
    labelled = list(names)
    for name in {name for name in names if names.count(name) > 1}:
        indices = [place for place, other in enumerate(names) if other == name]
        differing = differences([configs[place] for place in indices])
        for number, place in enumerate(indices):
            shown = [f"{key}={values[number]}" for key, values in differing.items() if values[number] is not None]
            labelled[place] = " ".join([name, *shown])
    return labelled


def differences(configs: Sequence[Any]) -> dict[str, list[str | None]]:
    """Find the options in which configurations differ.

    Args:
        configs: Two or more, as plain values.

    Returns:
        By dotted key, each configuration's value, None where it has no such option. A key that repeats another's
        values, such as ``model.objective.critic_steps`` beside ``loss.critic_steps``, is left out.
    """
    found = _differences(configs, "")

    def repeats(key: str, other: str) -> bool:
        mine, others = (k.rpartition(".")[2] for k in (key, other))
        return (
            found[key] == found[other]
            and key.count(".") > other.count(".")
            and (mine.endswith(others) or others.endswith(mine))
        )

    return {key: values for key, values in found.items() if not any(repeats(key, other) for other in found)}


def _differences(values: Sequence[Any], key: str) -> dict[str, list[str | None]]:
    present = [value for value in values if value is not MISSING]
    if all(value == values[0] for value in values[1:]):
        return {}
    if not all(isinstance(value, dict) for value in present):
        return {key: [_shown(value) for value in values]}
    found: dict[str, list[str | None]] = {}
    targets = [value.get("_target_") if value is not MISSING else None for value in values]
    if len(set(targets)) > 1:
        found[key] = [_shown(value) for value in values]
    for name in dict.fromkeys(name for value in present for name in value if name != "_target_"):
        inner = [value.get(name, MISSING) if value is not MISSING else MISSING for value in values]
        held = [value for value in inner if value is not MISSING]
        explained = len(set(targets)) > 1 and all(value == held[0] for value in held[1:])
        if not (MISSING in inner and explained):  # classes differ in their arguments
            found |= _differences(inner, f"{key}.{name}" if key else str(name))
    return found


def _shown(value: Any) -> str | None:
    if value is MISSING:
        return None
    if isinstance(value, dict):
        return str(value["_target_"]).rpartition(".")[2] if "_target_" in value else "{...}"
    if isinstance(value, float) and math.isclose(value, float(f"{value:.6g}")):
        return f"{value:.6g}"  # 3 * 1e-4 is 0.0003 to a reader
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _seeds(config: Any) -> tuple[Any, ...]:
    """Return all seeds of a configuration, in order."""
    if isinstance(config, dict):
        own = (str(config["seed"]),) if "seed" in config else ()
        return own + tuple(seed for value in config.values() for seed in _seeds(value))
    return tuple(seed for value in config for seed in _seeds(value)) if isinstance(config, list) else ()


def _without_own(value: Any, own: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _without_own(inner, own) for key, inner in value.items() if key != "seed" and inner != {}}
    if isinstance(value, list):
        return [_without_own(inner, own) for inner in value]
    for mine, key in own.items():
        if isinstance(value, str) and (value == mine or value.startswith(f"{mine}/")):
            return key + value.removeprefix(mine)
    return value
