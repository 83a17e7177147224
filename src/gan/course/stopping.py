"""Chapter 10, stopping: rules that end a run, replayed on twenty whole runs, and what they cost in score."""

from collections.abc import Mapping, Sequence
from itertools import product
from statistics import mean

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pandas import DataFrame, Series

from gan.course.chapter import Blocks, Chapter, Figures, Tables
from gan.course.page import markdown_table, spread
from gan.course.seeds import plain_ticks
from gan.course.stopping_rules import RULES, Curves, Rule, kept_score
from gan.runs.record import RunRecord

__all__ = ["CHAPTER", "GROUPS", "correlation", "replay"]

GROUPS = tuple(product(("non_saturating", "wgan_gp"), (1, 2)))
"""Recipes of chapter 3: loss, and steps of D per step of G."""

ESTIMATES = {"non_saturating": "js", "wgan_gp": "wasserstein"}
"""Estimate of the distance that is logged with a loss."""

SCORE = "fd_classifier"
COLORS = ("#1f6fb4", "#d9731a", "#2b8a3e", "#8e44ad", "#7f6000")
DRAWN = {"balance 0.1": "v", "patience 1": "s", "estimate 5": "^"}
"""Rules in the first figure, with their markers."""


def collect(runs: Sequence[RunRecord]) -> Tables:
    """Read the scores of all runs, and per window D's accuracy and its estimate of the distance."""
    scores, windows = [], []
    for run in runs:
        assert run.results is not None
        loss = "wgan_gp" if "train/d/wasserstein" in run.metrics.series else "non_saturating"
        key = {"loss": loss, "k": int(run.group("loss")["critic_steps"]), "seed": int(run.config["seed"])}
        scores += [key | {"step": step, "score": named[SCORE]} for step, named in run.scores.items()]
        logged = [run.metrics.series[f"train/d/{name}"] for name in ("accuracy_real", "accuracy_fake", ESTIMATES[loss])]
        for step, real, fake, estimate in zip(logged[0].steps, *(series.values for series in logged), strict=True):
            windows.append(key | {"step": step, "accuracy": (real + fake) / 2, "estimate": estimate})
    order = ["loss", "k", "seed", "step"]
    return {"scores": DataFrame(scores).sort_values(order), "windows": DataFrame(windows).sort_values(order)}


# Replays -------------------------------------------------------------------------------------------------------------


def curves_of(tables: Mapping[str, DataFrame]) -> dict[tuple[str, int, int], Curves]:
    """Return the curves of each run by loss, critic steps and seed."""

    def series(table: DataFrame, column: str, key: tuple[str, int, int]) -> dict[int, float]:
        loss, k, seed = key
        part = table[(table["loss"] == loss) & (table["k"] == k) & (table["seed"] == seed)]
        return {int(step): float(value) for step, value in zip(part["step"], part[column], strict=True)}

    seeds = sorted({int(seed) for seed in tables["scores"]["seed"]})
    keys = [(loss, k, seed) for (loss, k), seed in product(GROUPS, seeds)]
    return {
        key: Curves(
            series(tables["scores"], "score", key),
            series(tables["windows"], "accuracy", key),
            series(tables["windows"], "estimate", key),
        )
        for key in keys
    }


def replay(rule: Rule, curves: Curves) -> dict[str, float]:
    """Apply a rule to a whole run.

    Returns:
        ``stopped``, whether the rule ends the run before all updates; ``step``, the last update; and ``cost``, by how
        many percent the score that is kept is above the best of the whole run.
    """
    step, end = rule.stop(curves), max(curves.scores)
    last = end if step is None else step
    score = kept_score(curves.scores, last, best=rule.keeps_best)
    cost = max(0.0, 100 * (score / min(curves.scores.values()) - 1))  # not -0, by rounding
    return {"stopped": last < end, "step": last, "cost": cost}


def correlation(curves: Curves, after: int = 0) -> float:
    """Return the rank correlation of the estimate with the score, at the evaluations after a step."""
    steps = [step for step in curves.scores if step > after]
    estimates = Series([window_at(curves.estimates, step) for step in steps])
    return float(estimates.corr(Series([curves.scores[step] for step in steps]), method="spearman"))


def window_at(windows: Mapping[int, float], step: int) -> float:
    """Return the value of the window that a step lies in; windows are named by their last step."""
    return windows[min(end for end in windows if end >= step)]


# Tables --------------------------------------------------------------------------------------------------------------


def blocks(tables: Mapping[str, DataFrame]) -> Blocks:
    """Return the generated parts of the page."""
    curves = curves_of(tables)
    return {
        "runs": run_table(curves),
        "rules": rule_table(curves),
        "stops": stop_table(curves),
        "estimates": estimate_table(curves),
        "answer": answer(curves),
    }


def of_group(curves: Mapping[tuple[str, int, int], Curves], group: tuple[str, int]) -> list[Curves]:
    """Return the curves of a recipe's seeds."""
    return [run for key, run in curves.items() if key[:2] == group]


def title(group: tuple[str, int]) -> str:
    """Return the title of a recipe."""
    return f"`{group[0]}`, k = {group[1]}"


def best_step(scores: Mapping[int, float]) -> int:
    """Return the step of the best score."""
    return min(scores, key=lambda step: scores[step])


def run_table(curves: Mapping[tuple[str, int, int], Curves]) -> str:
    """Return the best and the last scores of each recipe's whole runs."""
    rows = []
    for group in GROUPS:
        runs = [run.scores for run in of_group(curves, group)]
        best = [min(run.values()) for run in runs]
        last = [run[max(run)] for run in runs]
        rises = mean(100 * (b / a - 1) for a, b in zip(best, last, strict=True))
        rows.append((title(group), spread(best), spread(map(best_step, runs), 0), spread(last), f"{rises:+.0f} %"))
    return markdown_table(("runs", "best score", "at update", "last score", "last against best"), rows)


def rule_table(curves: Mapping[tuple[str, int, int], Curves]) -> str:
    """Return how many runs of each recipe a rule ends, when, and at what cost."""
    rows = []
    for name, rule in RULES.items():
        cells = []
        for group in GROUPS:
            replays = [replay(rule, run) for run in of_group(curves, group)]
            ended = sum(bool(each["stopped"]) for each in replays)
            step, cost = (mean(each[key] for each in replays) for key in ("step", "cost"))
            cells.append(f"{ended} of {len(replays)}, {step:,.0f}, {cost:+.0f} %")
        rows.append((f"{name}: {rule.description}", *cells))
    return markdown_table(("rule", *map(title, GROUPS)), rows)


def stop_table(curves: Mapping[tuple[str, int, int], Curves]) -> str:
    """Return the update at which each rule ends each run, and its cost."""
    rows = []
    for (loss, k, seed), run in curves.items():
        cells = []
        for rule in RULES.values():
            each = replay(rule, run)
            cells.append(f"{each['step']:,.0f}, {each['cost']:+.0f} %" if each["stopped"] else "–")
        rows.append((f"`{loss}`", k, seed, f"{best_step(run.scores):,}", *cells))
    return markdown_table(("loss", "k", "seed", "best at", *RULES), rows)


def estimate_table(curves: Mapping[tuple[str, int, int], Curves]) -> str:
    """Return the rank correlation of D's estimate with the score, and D's accuracy at the best score."""
    rows = []
    for group in GROUPS:
        runs = of_group(curves, group)
        half = max(runs[0].scores) // 2
        whole, late = ([correlation(run, after) for run in runs] for after in (0, half))
        accuracies = [100 * window_at(run.accuracies, best_step(run.scores)) for run in runs]
        rows.append((title(group), spread(whole, 2), spread(late, 2), f"{spread(accuracies, 0)} %"))
    return markdown_table(
        ("runs", "rank correlation, whole run", "second half", "D's accuracy at the best score"), rows
    )


def answer(curves: Mapping[tuple[str, int, int], Curves]) -> str:
    """Return for each rule the number of runs that it ends, its mean cost and what it saves, in words."""
    lines = []
    for name, rule in RULES.items():
        replays = [replay(rule, run) for run in curves.values()]
        ended = sum(bool(each["stopped"]) for each in replays)
        cost, worst = mean(each["cost"] for each in replays), max(each["cost"] for each in replays)
        saved = mean(
            100 * (1 - each["step"] / max(run.scores)) for each, run in zip(replays, curves.values(), strict=True)
        )
        lines.append(
            f"- **{name}** ends {ended} of {len(replays)} runs, and saves {saved:.0f} % of all updates. The score is "
            f"{cost:.0f} % above the best of the run on average, and {worst:.0f} % at worst."
        )
    return "\n".join(lines)


# Figures -------------------------------------------------------------------------------------------------------------


def figures(tables: Mapping[str, DataFrame]) -> Figures:
    """Draw the figures."""
    curves = curves_of(tables)
    return {"stops": draw_stops(curves), "signals": draw_signals(curves)}


def draw_stops(curves: Mapping[tuple[str, int, int], Curves]) -> Figure:
    """Draw the scores of all runs, and where three of the rules end them."""
    figure = Figure(figsize=(9, 7), layout="constrained")
    panels = figure.subplots(2, 2, sharex=True, sharey=True)
    for axes, group in zip(panels.flat, GROUPS, strict=True):
        for color, run in zip(COLORS, of_group(curves, group), strict=False):
            axes.plot(list(run.scores), list(run.scores.values()), color=color, alpha=0.6, linewidth=1.2)
            best = best_step(run.scores)
            axes.plot(best, run.scores[best], "*", color=color, markersize=11)
            for name, marker in DRAWN.items():
                if (step := RULES[name].stop(run)) is not None:
                    score = kept_score(run.scores, step, best=False)
                    axes.plot(step, score, marker, color=color, markersize=7, markeredgecolor="black")
        axes.set(title=title(group).replace("`", ""), yscale="log")
        axes.title.set_fontsize(10)
        plain_ticks(axes)
        axes.grid(alpha=0.3)
    _label(panels, "Fréchet distance")
    for name, marker in {"best of the run": "*", **DRAWN}.items():
        panels[0][0].plot([], [], marker, color="grey", markeredgecolor="black", label=name)
    panels[0][0].legend(fontsize=8)
    return figure


def draw_signals(curves: Mapping[tuple[str, int, int], Curves]) -> Figure:
    """Draw what the rules look at besides scores: D's accuracy and its estimate of the distance."""
    figure = Figure(figsize=(9, 6), layout="constrained")
    panels = figure.subplots(2, len(GROUPS), sharex=True, squeeze=False)
    for column, group in enumerate(GROUPS):
        for color, run in zip(COLORS, of_group(curves, group), strict=False):
            for axes, values in zip(panels[:, column], (run.accuracies, run.estimates), strict=True):
                axes.plot(list(values), list(values.values()), color=color, alpha=0.7, linewidth=1.1)
        top, bottom = panels[:, column]
        top.axhspan(0.45, 0.55, color="grey", alpha=0.2, linewidth=0)
        top.set(title=title(group).replace("`", ""), ylim=(0.45, 1.01))
        top.title.set_fontsize(9)
        bottom.set(yscale="log" if group[0] == "wgan_gp" else "linear")
        bottom.set_xlabel("updates of G")
        bottom.set_title({"js": "bound of the JSD", "wasserstein": "Wasserstein estimate"}[ESTIMATES[group[0]]])
        bottom.title.set_fontsize(9)
    panels[0][0].set_ylabel("D's accuracy")
    panels[1][0].set_ylabel("D's estimate of the distance")
    return figure


def _label(panels: "np.ndarray[tuple[int, int], np.dtype[np.object_]]", name: str) -> None:
    """Label the outer axes of a grid of panels."""
    for axes in panels[:, 0]:
        assert isinstance(axes, Axes)
        axes.set_ylabel(name)
    for axes in panels[-1]:
        axes.set_xlabel("updates of G")


CHAPTER = Chapter(blocks=blocks, figures=figures, collect=collect, sweep="alternating")
