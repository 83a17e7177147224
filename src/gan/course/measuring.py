"""Chapter 8, measuring: which score sees which fault, and what a score depends on besides the generator."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from pandas import DataFrame

from gan.course.chapter import Blocks, Chapter, Figures, Tables
from gan.course.measuring_figures import draw_changes, draw_extractors, draw_sets, draw_sizes
from gan.course.measuring_runs import EXTRACTORS, measure
from gan.course.page import markdown_table, spread
from gan.course.score_changes import EXTRACTOR_LABELS, SCORES, SEEN, changes, format_change
from gan.course.spoilt_sets import LADDER, RESIZED
from gan.runs.record import RunRecord

__all__ = ["CHAPTER", "extrapolate"]

OF_RUNS = {
    "fd_classifier": "Fréchet distance",
    "precision_classifier": "precision",
    "recall_classifier": "recall",
    "nn_accuracy_classifier": "1-NN accuracy",
    "accuracy_classifier": "samples of the requested class",
    "cas": "CAS",
    "cas_worst_class": "CAS, worst class",
}
FEW_SCORES = ("fd", "kd", "is", "coverage", "nn_accuracy")


def collect(runs: Sequence[RunRecord]) -> Tables:
    """Read the scores of the conditional model, and CAS of real images and of noise."""
    scores, baselines = [], []
    for run in runs:
        assert run.results is not None
        seed = int(run.config["seed"])
        for step, named in run.scores.items():
            scores.append({"seed": seed, "step": step, **{name: named[name] for name in OF_RUNS}})
        baselines.append({"seed": seed, **run.results.baselines})
    return {
        "cas": DataFrame(scores).sort_values(["seed", "step"]),
        "cas_baselines": DataFrame(baselines).sort_values("seed"),
    }


def blocks(tables: Mapping[str, DataFrame]) -> Blocks:
    """Return the generated parts of the page."""
    return {
        "scores": score_table(tables["ladder"]),
        "answer": answer(tables["ladder"]),
        "sizes": size_table(tables["sizes"]),
        "extractors": extractor_table(tables["extractors"]),
        "resizing": resizing_table(tables["resizing"]),
        "cas": cas_table(tables["cas"], tables["cas_baselines"]),
    }


def score_table(ladder: DataFrame) -> str:
    """Return all scores of all sets."""
    rows = []
    for name, description in LADDER.items():
        part = ladder[ladder["set"] == name]
        cells = []
        for score, (_, _, digits) in SCORES.items():
            values = part[score].dropna()
            cells.append(f"{values.mean():.1e}" if values.mean() >= 1e6 else spread(values, digits))
        rows.append((description, *cells))
    draws, few = len(ladder["draw"].unique()), len(ladder.dropna()["draw"].unique())
    return (
        markdown_table(("set", *(label for label, _, _ in SCORES.values())), rows)
        + f"\n\nMean ± standard deviation over {draws} draws; of CAS, over {few}."
    )


def answer(ladder: DataFrame) -> str:
    """Return which scores see each fault, in words."""
    moved = changes(ladder, SCORES)
    lines = []
    for name in LADDER:
        if name == "held_out":
            continue
        row = moved.loc[name]
        named = {score: f"{SCORES[score][0]} ({format_change(row[score])})" for score in SCORES}
        parts = {
            "worse": [named[score] for score in SCORES if row[score] >= SEEN],
            "better than real": [named[score] for score in SCORES if row[score] <= -SEEN],
            "no difference": [SCORES[score][0] for score in SCORES if abs(row[score]) < SEEN],
        }
        shown = "; ".join(f"{verdict}: {', '.join(found)}" for verdict, found in parts.items() if found)
        lines.append(f"- **{LADDER[name][0].upper()}{LADDER[name][1:]}.** {shown}.")
    return "\n".join(lines)


def size_table(sizes: DataFrame) -> str:
    """Return scores over the number of samples, and the limit of the Fréchet distance."""
    rows = []
    for (name, size), part in sizes.groupby(["set", "size"], sort=False):
        cells = [spread(part[score], SCORES[score][2]) for score in FEW_SCORES]
        rows.append((LADDER[str(name)], f"{size:,}", *cells))
    table = markdown_table(("set", "samples", *(SCORES[score][0] for score in FEW_SCORES)), sorted(rows, key=_by_set))
    limits = [
        f'{extrapolate(part):.2f} for the set "{LADDER[str(name)]}"' for name, part in sizes.groupby("set", sort=False)
    ]
    return (
        f"{table}\n\nA line through the Fréchet distance over $1/n$ (Chong and Forsyth, 2020) meets $1/n = 0$ at "
        f"{' and '.join(limits)}."
    )


def _by_set(row: Sequence[object]) -> bool:
    return row[0] != LADDER["held_out"]


def extrapolate(sizes: DataFrame) -> float:
    """Return the Fréchet distance for infinitely many samples: a line in 1/n through the largest three sizes."""
    means = sizes.groupby("size")["fd"].mean().tail(3)
    return float(np.polyfit(1 / means.index.to_numpy(dtype=float), means.to_numpy(), 1)[1])


def extractor_table(extractors: DataFrame) -> str:
    """Return the change of two distances by extractor."""
    moved = {name: changes(part, ("fd", "kd")) for name, part in extractors.groupby("extractor")}
    rows = [
        (LADDER[name], *(format_change(moved[of][score][name]) for score in ("fd", "kd") for of in EXTRACTORS))
        for name in moved["pixels"].index
        if name != "held_out"
    ]
    names = [f"{label}, {EXTRACTOR_LABELS[of]}" for label in ("Fréchet", "kernel") for of in EXTRACTORS]
    return markdown_table(("set", *names), rows)


def resizing_table(resizing: DataFrame) -> str:
    """Return two distances of real images that were stored or resized in another way."""
    rows = []
    for name, description in RESIZED.items():
        part = dict(iter(resizing[resizing["images"] == name].groupby("extractor")))
        fd = [spread(part[of]["fd"], 1) for of in EXTRACTORS]
        rows.append((description, *fd, *(spread(part[of]["kd"], 3) for of in EXTRACTORS)))
    names = [f"{label}, {EXTRACTOR_LABELS[of]}" for label in ("Fréchet", "kernel") for of in EXTRACTORS]
    return markdown_table(("held-out real images", *names), rows)


def cas_table(scores: DataFrame, baselines: DataFrame) -> str:
    """Return the scores of the conditional model over training, beside CAS of real images."""
    rows = []
    for step, part in scores.groupby("step"):
        cells = [spread(part["fd_classifier"], 1)]
        cells += [f"{spread(100 * part[name])} %" for name in list(OF_RUNS)[1:]]
        rows.append((f"{step:,}", *cells))
    real, noise = (f"{100 * baselines[name].mean():.1f} %" for name in ("held_out", "noise"))
    return (
        f"{markdown_table(('updates', *OF_RUNS.values()), rows)}\n\nMean ± standard deviation over "
        f"{scores['seed'].nunique()} seeds. A classifier trained on {baselines['held_out_images'].iloc[0]:,.0f} real "
        f"images has an accuracy of {real}, one trained on noise of {noise}."
    )


def figures(tables: Mapping[str, DataFrame]) -> Figures:
    """Draw the figures."""
    drawn: dict[str, Figure] = {
        "sets": draw_sets(),
        "changes": draw_changes(tables["ladder"]),
        "sizes": draw_sizes(tables["sizes"]),
        "extractors": draw_extractors(tables["extractors"]),
    }
    return drawn


CHAPTER = Chapter(blocks=blocks, figures=figures, measure=measure, collect=collect)
