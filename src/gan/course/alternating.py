"""Chapter 3, alternating: one, two or five critic steps, at equal updates of D, of G and equal seconds."""

from collections.abc import Mapping, Sequence
from itertools import product
from statistics import mean, stdev

import numpy as np
from matplotlib.figure import Figure
from pandas import DataFrame

from gan.course.chapter import Blocks, Chapter, Figures, Tables
from gan.course.page import baseline_sentence, markdown_table, spread
from gan.course.seeds import differs, plain_ticks
from gan.course.update_costs import update_costs
from gan.runs.record import RunRecord

__all__ = ["CHAPTER", "at_budgets", "verdict"]

LOSSES = ("non_saturating", "hinge", "wgan_gp")
COLORS = {1: "#1f6fb4", 2: "#d9731a", 5: "#2b8a3e"}
MARKERS = {1: "o", 2: "s", 5: "^"}
BUDGETS = {"g_updates": "G updates", "d_updates": "D updates", "seconds": "CPU seconds"}
GREY = "#777777"
SCORE = "fd_classifier"


def collect(runs: Sequence[RunRecord]) -> Tables:
    """Read the scores of all runs, what D did, and the baselines."""
    scores, games = [], []
    baselines: dict[str, float] = {}
    for run in runs:
        assert run.results is not None
        loss, k = str(run.config["name"]).split("-")[0], int(run.group("loss")["critic_steps"])
        key = {"loss": loss, "k": k, "seed": int(run.config["seed"])}
        for step, named in run.scores.items():
            counts = {"d_updates": step * k, "g_updates": step}
            scores.append(key | counts | {"score": named[SCORE], "wall_seconds": run.metrics.seconds[step]})
        games.append(key | _late_means(run, ("accuracy_real", "accuracy_fake", "value", "wasserstein")))
        baselines |= run.results.baselines
    order = ["loss", "k", "seed"]
    return {
        "scores": DataFrame(scores).sort_values([*order, "d_updates"]),
        "discriminator": DataFrame(games).sort_values(order),
        "baselines": DataFrame([baselines]),
    }


def _late_means(run: RunRecord, names: Sequence[str]) -> dict[str, float]:
    """Return the means of what is logged of D over the second half of a run."""
    means = {}
    for name in names:
        if series := run.metrics.series.get(f"train/d/{name}"):
            half = max(series.steps) / 2
            means[name] = mean(value for step, value in zip(*series, strict=True) if step > half)
    return means


def measure(short: bool) -> Tables:
    """Measure the CPU time of an update of each player, for each loss."""
    costs = []
    for loss in LOSSES:
        options = ["experiment=course/alternating", f"loss={loss}"]
        seconds = update_costs(options, steps=20 if short else 60)
        costs.append({"loss": loss, **seconds})
    return {"costs": DataFrame(costs)}


# Tables --------------------------------------------------------------------------------------------------------------


def with_seconds(scores: DataFrame, costs: DataFrame) -> DataFrame:
    """Add the CPU seconds of all updates up to each score: T = n_D c_D + n_G c_G."""
    cost = scores[["loss"]].merge(costs, on="loss", how="left")
    seconds = (
        scores["d_updates"].to_numpy() * cost["discriminator"] + scores["g_updates"].to_numpy() * cost["generator"]
    )
    return scores.assign(seconds=seconds.to_numpy())


def at_budgets(scores: DataFrame) -> DataFrame:
    """Read the score of each run at three budgets, each the largest that all runs of a loss have.

    Between two scores, the logarithm of the score is interpolated linearly.
    """
    rows = []
    for loss, of_loss in scores.groupby("loss", sort=False):
        ends = of_loss.groupby(["k", "seed"])[list(BUDGETS)].max().min()
        for (k, seed), run in of_loss.groupby(["k", "seed"]):
            for budget in BUDGETS:
                value = np.exp(np.interp(ends[budget], run[budget], np.log(run["score"])))
                row = {"loss": loss, "budget": budget, "amount": ends[budget], "k": k, "seed": seed}
                rows.append(row | {"score": float(value)})
    return DataFrame(rows)


def verdict(scores: Mapping[int, Sequence[float]]) -> str:
    """Return which number of critic steps has the lowest mean score, and which others do not differ from it.

    A difference counts if it is above three of its standard errors over the seeds.
    """
    best = min(scores, key=lambda k: mean(scores[k]))
    equal = [k for k in scores if k != best and not differs(scores[best], scores[k])]
    if len(equal) == len(scores) - 1:
        return "no difference"
    return f"k = {best}" + (f", but not clearly better than {' or '.join(map(str, equal))}" if equal else "")


def blocks(tables: Mapping[str, DataFrame]) -> Blocks:
    """Return the generated parts of the page."""
    scores = with_seconds(tables["scores"], tables["costs"])
    budgets = at_budgets(scores)
    return {
        "budgets": budget_table(budgets),
        "answer": f"{answer(budgets)}\n{later_answer(scores)}",
        "costs": cost_table(scores, tables["costs"]),
        "discriminator": discriminator_table(tables["discriminator"]),
        "baselines": baseline_sentence(tables["baselines"]),
    }


def _values(table: DataFrame, column: str, **key: object) -> list[float]:
    for name, value in key.items():
        table = table[table[name] == value]
    return [float(value) for value in table[column]]


def budget_table(budgets: DataFrame) -> str:
    """Return the scores at each budget."""
    rows = []
    for budget, loss in product(BUDGETS, LOSSES):
        amount = _values(budgets, "amount", budget=budget, loss=loss)[0]
        by_k = {k: _values(budgets, "score", budget=budget, loss=loss, k=k) for k in COLORS}
        shown = f"{amount:,.1f}" if budget == "seconds" else f"{amount:,.0f}"
        rows.append((f"{shown} {BUDGETS[budget]}", f"`{loss}`", *map(spread, by_k.values()), verdict(by_k)))
    return markdown_table(("budget", "loss", *(f"k = {k}" for k in COLORS), "lowest"), rows)


def answer(budgets: DataFrame) -> str:
    """Return how much the score changes from k = 1 to k = 5 at each budget, in words."""
    lines = []
    for budget, label in BUDGETS.items():
        parts = []
        for loss in LOSSES:
            one, five = (_values(budgets, "score", budget=budget, loss=loss, k=k) for k in (1, 5))
            ratio = mean(five) / mean(one)
            change = f"{ratio:.2f} times the distance of k = 1" if differs(one, five) else "no difference"
            parts.append(f"`{loss}` {change}")
        lines.append(f"- **Equal {label}**, k = 5 against k = 1: {'; '.join(parts)}.")
    return "\n".join(lines)


def later_answer(scores: DataFrame) -> str:
    """Return how k = 2 compares with k = 1 at equal updates of G, of which they have more than k = 5, in words."""
    budgets = at_budgets(scores[scores["k"] < max(COLORS)])
    parts = []
    for loss in LOSSES:
        one, two = (_values(budgets, "score", budget="g_updates", loss=loss, k=k) for k in (1, 2))
        shown = f"{spread(one)} and {spread(two)}"
        parts.append(f"`{loss}` {shown if differs(one, two) else f'no difference ({shown})'}")
    amount = budgets[budgets["budget"] == "g_updates"]["amount"].max()
    return f"- **Later, at {amount:,.0f} G updates**, which k = 1 and k = 2 have, in this order: {'; '.join(parts)}."


def cost_table(scores: DataFrame, costs: DataFrame) -> str:
    """Return the CPU time of updates, and of whole runs."""
    rows = []
    for row in costs.to_dict("records"):
        of_loss = scores[scores["loss"] == row["loss"]]
        runs = [f"{of_loss[of_loss['k'] == k]['seconds'].max():.0f} s" for k in COLORS]
        d, g = 1000 * row["discriminator"], 1000 * row["generator"]
        rows.append((f"`{row['loss']}`", f"{d:.1f} ms", f"{g:.1f} ms", *runs))
    return markdown_table(("loss", "update of D", "update of G", *(f"run with k = {k}" for k in COLORS)), rows)


def discriminator_table(game: DataFrame) -> str:
    """Return D's accuracy and its measure of distance over the second half of the runs."""
    rows = []
    for loss, k in product(LOSSES, COLORS):
        accuracies = zip(*(_values(game, f"accuracy_{kind}", loss=loss, k=k) for kind in ("real", "fake")), strict=True)
        measures = [_values(game, name, loss=loss, k=k) for name in ("value", "wasserstein") if name in game]
        logged = [spread(values, 2) for values in measures if not np.isnan(values).any()]
        rows.append((f"`{loss}`", k, spread([100 * mean(pair) for pair in accuracies]) + " %", *(logged or ["–"])))
    return markdown_table(("loss", "k", "D's accuracy", "V(D, G), or Wasserstein estimate"), rows)


# Figures -------------------------------------------------------------------------------------------------------------


def figures(tables: Mapping[str, DataFrame]) -> Figures:
    """Draw the figures."""
    scores = with_seconds(tables["scores"], tables["costs"])
    return {"curves": draw_curves(scores), "budgets": draw_budgets(at_budgets(scores))}


def draw_curves(scores: DataFrame) -> Figure:
    """Draw the scores over updates of G, updates of D and seconds; bands are standard deviations over seeds."""
    figure = Figure(figsize=(9, 8), layout="constrained")
    panels = figure.subplots(len(LOSSES), len(BUDGETS), sharey="row", squeeze=False)
    for (row, loss), (column, budget) in product(enumerate(LOSSES), enumerate(BUDGETS)):
        axes = panels[row][column]
        for k, color in COLORS.items():
            part = scores[(scores["loss"] == loss) & (scores["k"] == k)]
            over = part.groupby("d_updates")
            x, average, deviation = over[budget].mean(), over["score"].mean(), over["score"].std()
            axes.fill_between(x, average - deviation, average + deviation, color=color, alpha=0.25, linewidth=0)
            axes.plot(x, average, color=color, marker=MARKERS[k], markersize=3, label=f"k = {k}")
        ends = scores[scores["loss"] == loss].groupby(["k", "seed"])[budget].max()
        axes.axvline(ends.min(), color=GREY, linestyle=":", linewidth=1.2)
        axes.set(yscale="log", xlim=(0, None))
        plain_ticks(axes)
        if row == len(LOSSES) - 1:
            axes.set_xlabel(BUDGETS[budget])
        if column == 0:
            axes.set_ylabel(f"{loss}\nFréchet distance")
    panels[0][0].legend(fontsize=8)
    return figure


def draw_budgets(budgets: DataFrame) -> Figure:
    """Draw the score at each budget over k: each seed, and means with standard deviations."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    for axes, (budget, label) in zip(figure.subplots(1, len(BUDGETS), sharey=True), BUDGETS.items(), strict=True):
        for place, loss in enumerate(LOSSES):
            for k, color in COLORS.items():
                values = _values(budgets, "score", budget=budget, loss=loss, k=k)
                x = place + 0.22 * (list(COLORS).index(k) - 1)
                axes.plot([x] * len(values), values, ".", color=color, alpha=0.4, markersize=5)
                axes.errorbar(
                    x,
                    mean(values),
                    yerr=stdev(values),
                    color=color,
                    marker=MARKERS[k],
                    capsize=3,
                    label=None if place else f"k = {k}",
                )
        axes.set(title=f"equal {label}", yscale="log")
        plain_ticks(axes)
        axes.title.set_fontsize(10)
        axes.set_xticks(range(len(LOSSES)), [loss.replace("_", "\n") for loss in LOSSES], fontsize=9)
    figure.axes[0].set_ylabel("Fréchet distance")
    figure.axes[0].legend(fontsize=8, loc="lower left")
    return figure


CHAPTER = Chapter(blocks=blocks, figures=figures, measure=measure, collect=collect)
