"""Measurements of chapter 12: truncated samples of the trained networks, and what the networks cost."""

from collections.abc import Sequence

from pandas import DataFrame

from gan.checkpoint.trained import load
from gan.course.chapter import Tables
from gan.course.rivals_runs import encode
from gan.course.seeds import runs_of
from gan.course.update_costs import recipe_costs
from gan.explore.truncation import truncation_scores
from gan.metrics.conditional import ConditionalAccuracy
from gan.runs.record import RunRecord

__all__ = ["NETWORKS", "collect", "measure"]

NETWORKS = ("biggan", "no_orthogonality", "cdcgan")
SAMPLES = 1000  # of each threshold
THRESHOLDS = (0.04, 0.2, 0.5, 1.0, 2.0, 4.0)
SHOWN = 10  # images at each threshold, one of each class


def measure(short: bool) -> Tables:
    """Count the parameters of each network, and measure the CPU time of its updates."""
    return {"costs": recipe_costs("biggan", NETWORKS, short)}


def collect(runs: Sequence[RunRecord]) -> Tables:
    """Read the scores of all runs, and measure truncated samples of their last checkpoints."""
    scores: list[dict[str, object]] = []
    truncation: list[dict[str, object]] = []
    pictures: list[dict[str, object]] = []
    baselines: dict[str, float] = {}
    for network, seed, run in runs_of(runs, NETWORKS):
        assert run.results is not None
        baselines |= run.results.baselines
        key: dict[str, object] = {"network": network, "seed": seed}
        for step, named in run.scores.items():
            scores.append({**key, "step": step, **{name.removesuffix("_classifier"): x for name, x in named.items()}})
        trained = load(run.folder.last)
        measures = {"accuracy": ConditionalAccuracy()}
        truncation += [{**key, **row} for row in truncation_scores(trained, THRESHOLDS, SAMPLES, measures=measures)]
        if seed == 0:
            for threshold in THRESHOLDS:
                images = trained.sample(SHOWN, truncation=threshold)
                rows = ({"network": network, "threshold": threshold, "pixels": encode(image)} for image in images)
                pictures += rows
    tables = {"scores": scores, "truncation": truncation, "pictures": pictures, "baselines": [dict(baselines)]}
    return {name: DataFrame(rows) for name, rows in tables.items()}
