"""Tables of groups of runs. Only runs with scores that were measured in the same way share a table."""

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from gan.errors import UserError, did_you_mean
from gan.formats import printable
from gan.report.differences import comparable_config, labels
from gan.report.groups import Group, mean
from gan.runs.baselines import named_baselines
from gan.runs.record import RunRecord
from gan.runs.results_file import best_score

__all__ = ["Table", "tables"]

LOADING_OPTIONS = ("batch_size", "cache", "download", "flip", "memory_limit", "num_workers", "root", "seed")
"""Options of data and metrics that change neither the images nor their scores."""
UNSCORED = ""


@dataclass(frozen=True)
class Table:
    """Groups of runs with comparable scores, the best first.

    Attributes:
        groups: One group per row.
        score: Name of the score to sort by; None if none was measured.
        higher_is_better: Whether higher scores are better.
        scores: Names of all scores.
        protocol: How the scores were measured.
        data: Name of the data set.
        baselines: The score of real images, of trivial generators and of noise by name, as far as it was computed.
    """

    groups: list[Group]
    score: str | None
    higher_is_better: bool
    scores: tuple[str, ...]
    protocol: dict[str, Any]
    data: str
    baselines: dict[str, float]

    def best(self, run: RunRecord) -> tuple[int, float]:
        """Return the step of a finished run's best score, and the score."""
        assert self.score is not None
        return best_score(run.scores, self.score, self.higher_is_better)


def tables(runs: Iterable[RunRecord], score: str | None = None) -> list[Table]:
    """Collect runs of one configuration in groups, and comparable groups in tables.

    Args:
        runs: Finished and failed runs.
        score: Score to sort by in the tables that have it; None for the main score of the runs.

    Raises:
        UserError: If no run has that score.
    """
    grouped = _group_by_measurement(runs)
    _check_score(score, [run for groups in grouped for group in groups for run in group])
    titles = _data_titles([groups[0][0] for groups in grouped])
    return [_table(groups, score, title) for groups, title in zip(grouped, titles, strict=True)]


def _group_by_measurement(runs: Iterable[RunRecord]) -> list[list[list[RunRecord]]]:
    """Return the runs of each group of each table.

    Runs of one configuration are in one group, unless something else, such as the weights of a feature network, changed
    how their scores were measured.
    """
    grouped: dict[str, list[list[RunRecord]]] = defaultdict(list)
    unmatched_failures: list[list[RunRecord]] = []
    for same_config in _partition(runs, lambda run: comparable_config(run.config)).values():
        finished = [run for run in same_config if run.results is not None]
        failed = [run for run in same_config if run.results is None]
        for measurement, group in _partition(finished, _measurement).items():
            grouped[measurement].append(group + failed)
            failed = []  # they belong to one group only
        if failed:
            unmatched_failures.append(failed)
    for failed in unmatched_failures:
        grouped[_table_for_failures(failed, grouped)].append(failed)
    return list(grouped.values())


def _table_for_failures(failed: list[RunRecord], grouped: dict[str, list[list[RunRecord]]]) -> str:
    """Find the table of runs that were to be measured in the same way; if there is none, that of unscored runs."""
    wanted = _measurement_config(failed[0])
    matching = (key for key, groups in grouped.items() if _measurement_config(groups[0][0]) == wanted)
    return next(matching, UNSCORED)


def _check_score(score: str | None, runs: Iterable[RunRecord]) -> None:
    names = sorted({name for run in runs for name in _score_names(run)})
    if score is not None and score not in names:
        raise UserError(f"--score {score}: choose from {', '.join(names) or 'no scores'}{did_you_mean(score, names)}")


def _data_titles(runs: Sequence[RunRecord]) -> list[str]:
    """Name the data set of each table's first run; those of one class are told apart by their options."""
    options = [_data_config(run) for run in runs]
    names = labels([str(data.get("_target_", "?")).rpartition(".")[2] for data in options], options)
    return list(map(printable, names))


def _table(grouped: list[list[RunRecord]], score: str | None, data: str) -> Table:
    """Name and sort the groups of a table."""
    names = labels([runs[0].name for runs in grouped], [comparable_config(runs[0].config) for runs in grouped])
    groups = [Group(printable(name), runs) for name, runs in zip(names, grouped, strict=True)]
    results = [result for group in groups for result in group.results]
    if not results or results[0].score_name is None:
        return Table(groups, None, False, (), {}, data, {})
    main_score, scores = results[0].score_name, _score_names(groups[0].finished[0])
    name = score if score is not None and score in scores else main_score
    named = [named_baselines(vars(result), name) for result in results]
    baselines = {
        key: mean(known[key] for known in named if key in known) for key in dict.fromkeys(chain.from_iterable(named))
    }
    table = Table(groups, name, results[0].higher_is_better[name], scores, results[0].protocol, data, baselines)
    groups.sort(key=lambda group: _rank(table, group))
    return table


def _rank(table: Table, group: Group) -> tuple[bool, float]:
    """Return the sort key of a group; groups without a score come last."""
    mean = group.spread(lambda run: table.best(run)[1]).mean if group.finished else math.nan
    return math.isnan(mean), -mean if table.higher_is_better else mean


def _measurement(run: RunRecord) -> list[Any]:
    """Return everything that finished runs must have in common for their scores to be comparable."""
    results = run.results
    assert results is not None
    if results.score_name is None:
        return []
    measures = run.group("metric").get("measures")
    names = _score_names(run)
    return [results.score_name, results.higher_is_better, results.protocol, names, measures, _data_config(run)]


def _measurement_config(run: RunRecord) -> list[Any]:
    """Return the part of a configuration that says how scores are measured."""
    return [_data_config(run), _without_loading(run.config.get("metric"))]


def _data_config(run: RunRecord) -> dict[str, Any]:
    return {key: _without_loading(value) for key, value in run.group("data").items() if key not in LOADING_OPTIONS}


def _without_loading(options: Any) -> Any:
    if not isinstance(options, dict):
        return options
    return {key: _without_loading(value) for key, value in options.items() if key not in LOADING_OPTIONS}


def _score_names(run: RunRecord) -> tuple[str, ...]:
    return tuple(run.scores[max(run.scores)]) if run.results is not None and run.scores else ()


def _partition(runs: Iterable[RunRecord], key: Callable[[RunRecord], Any]) -> dict[str, list[RunRecord]]:
    """Split runs by the JSON of a key; the JSON of an empty key is ``UNSCORED``."""
    parts: dict[str, list[RunRecord]] = defaultdict(list)
    for run in runs:
        value = key(run)
        parts[json.dumps(value, sort_keys=True, default=str) if value else UNSCORED].append(run)
    return parts
