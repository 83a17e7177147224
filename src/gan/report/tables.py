"""Groups of runs side by side: only those whose scores were measured alike share a table."""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from gan.errors import UserError, did_you_mean
from gan.report.groups import Group, comparable_config, labels
from gan.report.runs import Run

__all__ = ["Table", "tables"]

LOADING = ("batch_size", "cache", "download", "flip", "memory_limit", "num_workers", "root", "seed")


@dataclass(frozen=True)
class Table:
    """Groups whose scores can be compared, the best first.

    Attributes:
        groups: The rows.
        score: The score that they are sorted by; None where none was measured.
        higher_is_better: Whether more of it is better.
        scores: The names of all scores.
        protocol: How they were measured.
        data: The real images.
        baselines: That score of held-out real images and of noise, where it was computed.
    """

    groups: list[Group]
    score: str | None
    higher_is_better: bool
    scores: tuple[str, ...]
    protocol: dict[str, Any]
    data: str
    baselines: dict[str, float]

    def best(self, run: Run) -> tuple[int, float]:
        """Return the step of a finished run's best score, the last where several are, and that score."""
        assert self.score is not None
        sign = 1 if self.higher_is_better else -1
        ranked = [(sign * scores[self.score], step) for step, scores in run.scores.items() if self.score in scores]
        ordered = [pair for pair in ranked if not math.isnan(pair[0])] or ranked
        value, step = max(ordered)
        return step, sign * value


def tables(runs: Iterable[Run], score: str | None = None) -> list[Table]:
    """Sort runs into groups, and groups into tables.

    Args:
        runs: Finished and failed ones.
        score: The score to sort by, where it was measured; None is the one that the runs were compared by.

    Raises:
        UserError: If no run has that score.
    """
    by_essence: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        by_essence[_key(comparable_config(run.config))].append(run)
    measured: dict[str, list[list[Run]]] = defaultdict(list)
    unmatched_failures = []
    for alike in by_essence.values():
        parts: dict[str, list[Run]] = defaultdict(list)  # more than one if, say, the features' weights changed
        for run in alike:
            if run.results is not None:
                parts[_key(_measurement(run))].append(run)
        failed = [run for run in alike if run.results is None]
        for key, part in parts.items():
            measured[key].append(part + failed)
            failed = []
        unmatched_failures += [failed] if failed else []
    for failed in unmatched_failures:  # beside runs that were to be measured alike
        goals = (key for key, parts in measured.items() if _goal(parts[0][0]) == _goal(failed[0]))
        measured[next(goals, "")].append(failed)

    names = sorted({name for parts in measured.values() for part in parts for run in part for name in _names(run)})
    if score is not None and score not in names:
        raise UserError(f"--score {score}: there are {', '.join(names) or 'no scores'}{did_you_mean(score, names)}")
    titles = _titles([parts[0][0] for parts in measured.values()])
    return [_table(parts, score, title) for parts, title in zip(measured.values(), titles, strict=True)]


def _table(parts: list[list[Run]], score: str | None, data: str) -> Table:
    """Name and sort the groups of a table."""
    names = labels(
        [str(part[0].config.get("name", "?")) for part in parts], [comparable_config(p[0].config) for p in parts]
    )
    groups = [Group(name, part) for name, part in zip(names, parts, strict=True)]
    results = [result for group in groups for result in group.results]
    if not results or results[0].score_name is None:
        return Table(groups, None, False, (), {}, data, {})
    main, protocol, scores = results[0].score_name, results[0].protocol, _names(groups[0].finished[0])
    if score is not None and score in scores and score != main:
        main, baselines = score, {}
    else:
        keys = dict.fromkeys(key for result in results for key in result.baselines)
        baselines = {key: fmean(r.baselines[key] for r in results if key in r.baselines) for key in keys}
    higher = results[0].higher_is_better[main]
    table = Table(groups, main, higher, scores, protocol, data, baselines)
    sign = -1 if higher else 1

    def rank(group: Group) -> tuple[bool, float]:
        value = sign * group.spread(lambda run: table.best(run)[1]).mean if group.finished else math.nan
        return math.isnan(value), value

    groups.sort(key=rank)
    return table


def _titles(runs: Sequence[Run]) -> list[str]:
    """Name the data of each table's runs, with what differs between data of the same class."""
    data = [_data(run) for run in runs]
    return labels([str(options.get("_target_", "?")).rpartition(".")[2] for options in data], data)


def _measurement(run: Run) -> list[Any]:
    """Return all that must be the same for two finished runs' scores to be compared; empty without scores."""
    results = run.results
    assert results is not None
    if results.score_name is None:
        return []
    measures = (run.config.get("metric") or {}).get("measures")
    return [results.score_name, results.higher_is_better, results.protocol, _names(run), measures, _data(run)]


def _goal(run: Run) -> list[Any]:
    """Return what a configuration says of how its run is to be measured."""
    return [_data(run), _images(run.config.get("metric"))]


def _data(run: Run) -> dict[str, Any]:
    return _images(run.config.get("data") or {})


def _images(options: Any) -> Any:
    """Leave out what does not change the images and their scores."""
    if not isinstance(options, dict):
        return options
    return {key: _images(value) for key, value in options.items() if key not in LOADING}


def _names(run: Run) -> tuple[str, ...]:
    return tuple(run.scores[max(run.scores)]) if run.results is not None and run.scores else ()


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str) if value else ""
