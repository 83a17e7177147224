"""Chapter 4, optimisers: the bilinear game, and digits with eight optimisers at three learning rates each."""

from collections.abc import Mapping, Sequence
from math import hypot
from statistics import mean, stdev

import numpy as np
from matplotlib.figure import Figure
from pandas import DataFrame

from gan.course.bilinear import AVERAGE, METHODS, RATE, averages, play
from gan.course.chapter import Blocks, Chapter, Figures, Tables
from gan.course.page import markdown_table, spread
from gan.course.seeds import differs, plain_ticks
from gan.runs.record import RunRecord

__all__ = ["CHAPTER"]

STEPS = 1000
SHOWN = 120  # steps of the paths that are drawn
SEEDS = 5
PATHS = ("SGD, simultaneous", "SGD", "momentum 0.9", "Adam, β₁ = 0.5", "Adam, β₁ = 0", "optimistic")
OPTIMIZERS = {  # choices of conf/optimizer, in the order of the page
    "sgd_plain": "SGD",
    "sgd_momentum": "SGD, momentum 0.9",
    "rmsprop": "RMSprop",
    "adam_momentum": "Adam, β₁ = 0.9",
    "adam": "Adam, β₁ = 0.5",
    "adam_no_momentum": "Adam, β₁ = 0",
    "adam_ttur": "Adam, β₁ = 0.5, two rates",
    "adamw": "AdamW, β₁ = 0.5, decay 0.1",
}
REFERENCE = "adam"  # the optimiser that others are compared with
MULTIPLES = (1, 3, 10)
SCORE = "fd_classifier"
BLUE, ORANGE, GREEN, RED, VIOLET, GREY = "#1f6fb4", "#d9731a", "#2b8a3e", "#c0392b", "#7d3c98", "#777777"
COLORS = {
    "SGD, simultaneous": GREY,
    "SGD": "black",
    "SGD, two rates": "#a98467",
    "SGD, weight decay 0.1": "#b8860b",
    "momentum 0.5": "#f0a35e",
    "momentum 0.9": ORANGE,
    "RMSprop": VIOLET,
    "Adam, β₁ = 0.9": RED,
    "Adam, β₁ = 0.5": BLUE,
    "Adam, β₁ = 0": "#5dade2",
    "momentum -0.5": "#16a085",
    "extragradient": GREEN,
    "optimistic": "#82c91e",
}


def measure(short: bool) -> Tables:
    """Play the bilinear game with each method from random starts."""
    results, curves, paths = [], [], []
    for name, method in METHODS.items():
        for seed in range(2 if short else SEEDS):
            points = play(method, seed, STEPS)
            distances, averaged = [hypot(*point) for point in points], averages(points)
            half = range(STEPS // 2, STEPS + 1)
            slope = np.polyfit(half, np.log(distances[STEPS // 2 :]), 1)[0]
            row = {"method": name, "seed": seed, "factor": np.exp(slope), "theory": method.factor}
            results.append(row | {"distance": distances[-1], "average": averaged[-1]})
            if seed == 0:
                curves += [
                    {"method": name, "step": step, "distance": distances[step]} for step in range(0, STEPS + 1, 25)
                ]
            if seed == 0 and name in PATHS:
                paths += [{"method": name, "x": x, "y": y} for x, y in points[: SHOWN + 1 : 2]]
    return {"bilinear": DataFrame(results), "distances": DataFrame(curves), "paths": DataFrame(paths)}


def collect(runs: Sequence[RunRecord]) -> Tables:
    """Read the last score of each run, and D's accuracy in its last window."""
    rows = []
    for run in runs:
        assert run.results is not None
        optimizer, multiple, _ = str(run.config["name"]).rsplit("-", 2)
        row = {"optimizer": optimizer, "multiple": float(multiple.removeprefix("x")), "seed": int(run.config["seed"])}
        game = run.results.game
        accuracy = (game["d/accuracy_real"] + game["d/accuracy_fake"]) / 2
        rows.append(row | {"score": run.scores[run.results.global_step][SCORE], "d_accuracy": accuracy})
    return {"digits": DataFrame(rows).sort_values(["optimizer", "multiple", "seed"])}


# Tables --------------------------------------------------------------------------------------------------------------


def blocks(tables: Mapping[str, DataFrame]) -> Blocks:
    """Return the generated parts of the page."""
    return {
        "bilinear": bilinear_table(tables["bilinear"]),
        "digits": digits_table(tables["digits"]),
        "answer": answer(tables["digits"]),
    }


def motion(factor: float) -> str:
    """Return the name of a motion by its factor per step."""
    if abs(factor - 1) < 1e-4:
        return "rotation"
    return "spiral outwards" if factor > 1 else "spiral inwards"


def _distance(values: Sequence[float]) -> str:
    """Format distances with two digits, and as a range if they differ."""
    low, high = (f"{value:.2g}" for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def bilinear_table(results: DataFrame) -> str:
    """Return what each method does in the bilinear game."""
    rows = []
    for name, part in results.groupby("method", sort=False):
        theory, factor = part["theory"].iloc[0], part["factor"].mean()
        known = not np.isnan(theory)
        row = (name, motion(theory if known else factor), f"{theory:.4f}" if known else "–", f"{factor:.4f}")
        rows.append((*row, _distance(part["distance"]), _distance(part["average"])))
    columns = (
        "method",
        "motion",
        "factor per step, theory",
        "measured",
        f"distance after {STEPS:,} steps",
        f"of the average ({AVERAGE})",
    )
    seeds = results["seed"].nunique()
    note = (
        f"Learning rate {RATE} (with positive momentum β, {RATE}(1 - β); with two rates, {2 * RATE:g} for y and "
        f"{RATE / 2:g} for x). All start at distance 1; the last columns are the range over {seeds} starts."
    )
    return f"{markdown_table(columns, rows)}\n\n{note}"


def _scores(digits: DataFrame, optimizer: str, multiple: float) -> list[float]:
    part = digits[(digits["optimizer"] == optimizer) & (digits["multiple"] == multiple)]
    return [float(score) for score in part["score"]]


def best_multiple(digits: DataFrame, optimizer: str) -> int:
    """Return the multiple of an optimiser's rates with the lowest mean score."""
    return min(MULTIPLES, key=lambda multiple: mean(_scores(digits, optimizer, multiple)))


def digits_table(digits: DataFrame) -> str:
    """Return the scores by optimiser and rate, and D's accuracy at the best rate."""
    rows = []
    for optimizer, label in OPTIMIZERS.items():
        best = best_multiple(digits, optimizer)
        cells = []
        for multiple in MULTIPLES:
            cell = spread(_scores(digits, optimizer, multiple))
            cells.append(f"**{cell}**" if multiple == best else cell)
        chosen = digits[(digits["optimizer"] == optimizer) & (digits["multiple"] == best)]
        rows.append((label, f"`{optimizer}`", *cells, spread(100 * chosen["d_accuracy"]) + " %"))
    columns = ("optimiser", "choice", *(f"rates × {multiple}" for multiple in MULTIPLES), "D's accuracy")
    return markdown_table(columns, rows)


def answer(digits: DataFrame) -> str:
    """Return each optimiser's difference from Adam with a beta1 of 0.5, both at their best rates, in words."""
    reference = _scores(digits, REFERENCE, best_multiple(digits, REFERENCE))
    lines = []
    for optimizer, label in OPTIMIZERS.items():
        if optimizer == REFERENCE:
            continue
        scores = _scores(digits, optimizer, best_multiple(digits, optimizer))
        ratio = f"{mean(scores) / mean(reference):.2f} times the distance"
        lines.append(f"- {label}: {ratio if differs(scores, reference) else f'no difference ({ratio})'}")
    start = f"Each at its best rate, against {OPTIMIZERS[REFERENCE]} ({spread(reference)}):"
    return "\n".join([start, "", *lines])


# Figures -------------------------------------------------------------------------------------------------------------


def figures(tables: Mapping[str, DataFrame]) -> Figures:
    """Draw the figures."""
    return {
        "paths": draw_paths(tables["paths"]),
        "distances": draw_distances(tables["distances"]),
        "digits": draw_digits(tables["digits"]),
    }


def draw_paths(paths: DataFrame) -> Figure:
    """Draw the first steps of some methods in the plane."""
    figure = Figure(figsize=(9, 6.2), layout="constrained")
    for axes, name in zip(figure.subplots(2, 3).flat, PATHS, strict=True):
        part = paths[paths["method"] == name]
        axes.plot(part["x"], part["y"], "-", color=COLORS[name], linewidth=1.2, marker=".", markersize=3)
        axes.plot(part["x"].iloc[0], part["y"].iloc[0], "o", color="black", markersize=5)
        axes.plot(0, 0, "+", color="black", markersize=10)
        reach = 1.1 * max(1.3, part["x"].abs().max(), part["y"].abs().max())
        axes.set(
            title=name, xlabel="x, minimises xy", ylabel="y, maximises xy", xlim=(-reach, reach), ylim=(-reach, reach)
        )
        axes.title.set_fontsize(10)
        axes.set_aspect("equal")
    return figure


def draw_distances(curves: DataFrame) -> Figure:
    """Draw the distance from the equilibrium over the steps."""
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    axes = figure.subplots()
    for name, part in curves.groupby("method", sort=False):
        axes.plot(part["step"], part["distance"], color=COLORS[str(name)], label=name)
    axes.set(xlabel="steps", ylabel="distance from the equilibrium", yscale="log", ylim=(1e-3, 1e3), xlim=(0, STEPS))
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def draw_digits(digits: DataFrame) -> Figure:
    """Draw the score of each optimiser at each rate: seeds, and means with standard deviations."""
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    axes = figure.subplots()
    shades = dict(zip(MULTIPLES, (GREEN, BLUE, ORANGE), strict=True))
    for place, optimizer in enumerate(OPTIMIZERS):
        for column, (multiple, color) in enumerate(shades.items()):
            scores, x = _scores(digits, optimizer, multiple), place + 0.22 * (column - 1)
            axes.plot([x] * len(scores), scores, ".", color=color, alpha=0.4, markersize=5)
            label = None if place else f"rates × {multiple}"
            axes.errorbar(
                x, mean(scores), yerr=stdev(scores), color=color, marker="osv"[column], capsize=3, label=label
            )
    axes.set_xticks(range(len(OPTIMIZERS)), [label.replace(", ", "\n") for label in OPTIMIZERS.values()], fontsize=8)
    axes.set(ylabel="Fréchet distance", yscale="log")
    plain_ticks(axes)
    axes.legend(fontsize=8)
    return figure


CHAPTER = Chapter(blocks=blocks, figures=figures, measure=measure, collect=collect)
