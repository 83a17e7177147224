"""Chapter 7, hacks: tricks of training, each switched on or off alone, in two games."""

from collections.abc import Mapping, Sequence
from math import exp, log
from statistics import mean, stdev, variance

from matplotlib.figure import Figure
from pandas import DataFrame

from gan.course.chapter import Blocks, Chapter, Figures, Tables
from gan.course.hacks_runs import NETWORKS, measure
from gan.course.page import baseline_sentence, markdown_table, spread
from gan.course.seeds import differs
from gan.runs.record import RunRecord

__all__ = ["CHAPTER", "HACKS", "LOSSES", "TARGETS", "best_logit", "effect", "judged"]

HACKS = {
    "base": "base",
    "pixels_0_1": "pixels in [0, 1]",
    "pixels_0_255": "pixels in [0, 255]",
    "one_sided": "one-sided smoothing",
    "two_sided": "two-sided smoothing",
    "label_flip": "noisy labels",
    "instance_noise": "instance noise",
    "relu": "ReLU",
    "max_pool": "max pooling",
    "relu_max_pool": "ReLU and max pooling",
    "dropout": "dropout in D",
    "two_steps": "two D steps",
}
"""Names of the tricks by their recipe in ``conf/experiment/course/hacks``."""

LOSSES = {"non_saturating": "in balance", "minimax": "D wins"}
SCORE = "fd_classifier"
LEARNED = 0.5  # part of the distance of noise below which G counts as having learned
GREY = "#777777"
COLORS = {"better": "#2b8a3e", "worse": "#c0392b", "no difference": "#1f6fb4"}
TARGETS = {"hard": (1.0, 0.0), "one-sided": (0.9, 0.0), "two-sided": (0.9, 0.1)}
"""D's targets for real and fake images."""


def collect(runs: Sequence[RunRecord]) -> Tables:
    """Read the scores of all runs, what D did, and the baselines."""
    scores, games = [], []
    baselines: dict[str, float] = {}
    for run in runs:
        assert run.results is not None
        hack, loss, _ = str(run.config["name"]).split("-")
        key = {"loss": loss, "hack": hack, "seed": int(run.config["seed"])}
        scores += [key | {"step": step, "score": named[SCORE]} for step, named in run.scores.items()]
        real, fake = (run.metrics.series[f"train/d/accuracy_{kind}"] for kind in ("real", "fake"))
        half = max(real.steps) / 2
        late = [(a + b) / 2 for step, a, b in zip(real.steps, real.values, fake.values, strict=True) if step > half]
        games.append(key | {"accuracy": mean(late)})
        baselines |= run.results.baselines
    order = ["loss", "hack", "seed"]
    return {
        "scores": DataFrame(scores).sort_values([*order, "step"]),
        "discriminator": DataFrame(games).sort_values(order),
        "baselines": DataFrame([baselines]),
    }


# Tables --------------------------------------------------------------------------------------------------------------


def effect(base: Sequence[float], other: Sequence[float]) -> tuple[float, float]:
    """Return the change of a mean score in percent of the base's, and the standard error of this difference."""
    error = (variance(base) / len(base) + variance(other) / len(other)) ** 0.5
    return 100 * (mean(other) / mean(base) - 1), 100 * error / mean(base)


def final(scores: DataFrame) -> DataFrame:
    """Return the scores of the last evaluation of each run."""
    last: DataFrame = scores[scores["step"] == scores["step"].max()]
    return last


def by_hack(table: DataFrame, column: str, loss: str) -> dict[str, list[float]]:
    """Return the values of all seeds by trick, in the order of the page."""
    of_loss = table[table["loss"] == loss]
    values = {hack: [float(x) for x in of_loss[of_loss["hack"] == hack][column]] for hack in HACKS}
    return {hack: numbers for hack, numbers in values.items() if numbers}


def judged(base: Sequence[float], other: Sequence[float]) -> str:
    """Return whether scores are better or worse than the base's, or do not differ."""
    if not differs(base, other):
        return "no difference"
    return "better" if mean(other) < mean(base) else "worse"


def blocks(tables: Mapping[str, DataFrame]) -> Blocks:
    """Return the generated parts of the page."""
    last = final(tables["scores"])
    return {
        "balance": effect_table(last, tables["discriminator"], "non_saturating"),
        "answer": answer(by_hack(last, "score", "non_saturating")),
        "wins": rescue_table(last, tables["discriminator"], tables["baselines"]),
        "sparsity": sparsity_table(tables["sparsity"]),
        "costs": cost_table(tables["costs"]),
        "baselines": baseline_sentence(tables["baselines"]),
    }


def effect_table(last: DataFrame, game: DataFrame, loss: str) -> str:
    """Return the scores of a game, and their changes by each trick."""
    scores, accuracies = by_hack(last, "score", loss), by_hack(game, "accuracy", loss)
    base, rows = scores["base"], []
    for hack, values in scores.items():
        cells = ["–", "–"]
        if hack != "base":
            change, error = effect(base, values)
            cells = [f"{change:+.0f} % ± {error:.0f} %", judged(base, values)]
        rows.append((HACKS[hack], spread(values), *cells, percent(accuracies[hack])))
    return markdown_table(("recipe", "Fréchet distance", "change", "above the seeds' spread?", "D's accuracy"), rows)


def percent(shares: Sequence[float]) -> str:
    """Format shares as a mean percentage with its deviation."""
    return f"{spread([100 * share for share in shares], 0)} %"


def answer(scores: Mapping[str, Sequence[float]]) -> str:
    """Return which tricks help, harm, or make no difference, in words."""
    base, lines = scores["base"], []
    for verdict in ("better", "worse", "no difference"):
        found = [hack for hack in scores if hack != "base" and judged(base, scores[hack]) == verdict]
        parts = [f"{HACKS[hack]} ({effect(base, scores[hack])[0]:+.0f} %)" for hack in found]
        lines.append(f"- **{verdict.capitalize()}**: {'; '.join(parts) or 'none'}.")
    return "\n".join(lines)


def rescue_table(last: DataFrame, game: DataFrame, baselines: DataFrame) -> str:
    """Return the scores of the game that D wins, and the number of seeds in which G learns."""
    limit = LEARNED * float(baselines.iloc[0]["noise"])
    scores, accuracies = by_hack(last, "score", "minimax"), by_hack(game, "accuracy", "minimax")
    rows = [
        (
            HACKS[hack],
            spread(values, 0),
            f"{sum(value < limit for value in values)} of {len(values)}",
            "–" if hack == "base" else judged(scores["base"], values),
            percent(accuracies[hack]),
        )
        for hack, values in scores.items()
    ]
    columns = ("recipe", "Fréchet distance", "seeds in which G learns", "above the seeds' spread?", "D's accuracy")
    return markdown_table(columns, rows)


def sparsity_table(sparsity: DataFrame) -> str:
    """Return the share of gradients that are zero, and the norm of what reaches an image."""
    rows = []
    for hack in NETWORKS:
        part = sparsity[sparsity["hack"] == hack]
        rows.append((HACKS[hack], percent(part["zeros"]), spread(part["norm"], 4)))
    return markdown_table(("D", "units with a gradient of zero", "norm of an image's gradient"), rows)


def cost_table(costs: DataFrame) -> str:
    """Return the CPU time of updates."""
    rows = [
        (HACKS[str(row["hack"])], *(f"{1000 * float(row[player]):.1f} ms" for player in ("discriminator", "generator")))
        for row in costs.to_dict("records")
    ]
    return markdown_table(("recipe", "update of D", "update of G"), rows)


# Figures -------------------------------------------------------------------------------------------------------------


def figures(tables: Mapping[str, DataFrame]) -> Figures:
    """Draw the figures."""
    return {"targets": draw_targets(), "effects": draw_effects(final(tables["scores"]))}


def draw_effects(last: DataFrame) -> Figure:
    """Draw the final scores of each recipe: seeds as points, means with standard deviations; one panel per game."""
    figure = Figure(figsize=(9, 4.6), layout="constrained")
    for axes, (loss, title) in zip(figure.subplots(1, len(LOSSES), sharey=True), LOSSES.items(), strict=True):
        scores = by_hack(last, "score", loss)
        base = scores["base"]
        axes.axvspan(mean(base) - stdev(base), mean(base) + stdev(base), color=GREY, alpha=0.2, linewidth=0)
        for hack, values in scores.items():
            color = GREY if hack == "base" else COLORS[judged(base, values)]
            row = list(HACKS).index(hack)
            axes.plot(values, [row] * len(values), ".", color=color, alpha=0.45, markersize=6)
            axes.errorbar(mean(values), row, xerr=stdev(values), color=color, marker="o", markersize=5, capsize=3)
        axes.set(title=f"{loss}: {title}", xlabel="Fréchet distance after 600 updates of G")
        axes.title.set_fontsize(10)
        axes.grid(axis="x", alpha=0.3)
        if loss == "minimax":
            axes.set_xlim(left=0)
    first = figure.axes[0]
    first.set_yticks(range(len(HACKS)), list(HACKS.values()))
    first.invert_yaxis()
    for verdict, color in COLORS.items():
        first.plot([], [], "o", color=color, markersize=5, label=verdict)
    first.legend(fontsize=8)
    return figure


def best_logit(log_ratio: float, alpha: float, beta: float) -> float:
    """Return the logit of the best D at an image, given log(p_r / p_g) and D's targets for real and fake images."""
    ratio = exp(log_ratio)
    return log((alpha * ratio + beta) / ((1 - alpha) * ratio + 1 - beta))


def draw_targets() -> Figure:
    """Draw the best D's logit, and the size of the gradient by it of G's two losses, for three pairs of targets."""
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    ratios = [place / 20 for place in range(-200, 201)]
    panels = figure.subplots(1, 3)
    for (name, (alpha, beta)), style in zip(TARGETS.items(), ("-", "--", "-."), strict=True):
        logits = [best_logit(ratio, alpha, beta) for ratio in ratios]
        shares = [1 / (1 + exp(-logit)) for logit in logits]
        for axes, values in zip(panels, (logits, shares, [1 - share for share in shares]), strict=True):
            axes.plot(ratios, values, style, label=name)
    titles = ("logit of the best D", "gradient of minimax G", "gradient of non-saturating G")
    for axes, title in zip(panels, titles, strict=True):
        axes.set(xlabel="log(p_r / p_g) at an image")
        axes.set_title(title, fontsize=10)
        axes.grid(alpha=0.3)
    panels[0].set_ylim(-10, 10)
    panels[0].legend(fontsize=8)
    return figure


CHAPTER = Chapter(blocks=blocks, figures=figures, measure=measure, collect=collect)
