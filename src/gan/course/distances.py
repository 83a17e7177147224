"""Chapter 5, distances: what critics say of two parallel lines, and clipping against penalty."""

from collections.abc import Mapping
from math import log

from matplotlib.figure import Figure
from pandas import DataFrame

from gan.course.chapter import Blocks, Chapter, Figures
from gan.course.distances_runs import CRITICS, measure
from gan.course.page import markdown_table, spread

__all__ = ["CHAPTER"]

COLORS = dict(zip(CRITICS, ("#1f6fb4", "#2b8a3e", "#d9731a", "#8a3ea8", "#777777"), strict=True))
LABELS = {
    "jsd": "JSD, `non_saturating`",
    "kl": "KL, bound",
    "penalty": "Wasserstein, penalty",
    "clip 0.01": "Wasserstein, clip 0.01",
    "clip 0.1": "Wasserstein, clip 0.1",
}
DIGITS = {"kl": 0, "clip 0.01": 5}  # decimals; 3 otherwise


def blocks(tables: Mapping[str, DataFrame]) -> Blocks:
    """Return the generated parts of the page."""
    results = tables["estimates"]
    seeds = results["seed"].nunique()
    estimates, norms = [], []
    for distance, at in results.groupby("distance"):
        by_critic = {str(name): part for name, part in at.groupby("critic")}
        cells = [spread(by_critic[name]["estimate"], DIGITS.get(name, 3)) for name in CRITICS]
        estimates.append((f"{distance:g}", *cells))
    apart = results[results["distance"] > 0]
    for name in CRITICS:
        part = apart[apart["critic"] == name]
        at_one = part[part["distance"] == 1]
        digits = DIGITS.get(name, 3)
        norms.append((LABELS[name], spread(at_one["norm"], digits), spread(at_one["norm_std"], digits)))
    kl = apart[apart["critic"] == "kl"]
    return {
        "estimates": markdown_table(("distance $t$", *(LABELS[name] for name in CRITICS)), estimates)
        + f"\n\nMean ± standard deviation over {seeds} seeds. The constant is $\\log 2$ = {log(2):.3f}, the slope of "
        f"the distance is 1. From half of the updates to all, the mean KL bound goes from {kl['half'].mean():.2f} to "
        f"{kl['estimate'].mean():.2f}, over the distances above zero.",
        "norms": markdown_table(("critic, at $t = 1$", "mean gradient norm", "its deviation over points"), norms),
    }


def figures(tables: Mapping[str, DataFrame]) -> Figures:
    """Draw the figures."""
    return {"estimates": draw_estimates(tables["estimates"]), "surface": draw_surface(tables["surface"])}


def draw_estimates(results: DataFrame) -> Figure:
    """Draw the critics' estimates over the distance of the lines."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    panels = figure.subplots(1, 3)
    for axes, names in zip(panels, (("jsd",), ("kl",), CRITICS[2:]), strict=True):
        for name in names:
            part = results[results["critic"] == name]
            label = LABELS[name].replace("`", "")
            axes.plot(part["distance"], part["estimate"], "o", color=COLORS[name], alpha=0.6, label=label)
        axes.set(xlabel="distance t")
    panels[0].axhline(log(2), color="black", linestyle="--", label="log 2")
    panels[0].set(ylabel="estimate in nats", ylim=(-0.05, 0.8))
    panels[1].set(ylabel="estimate in nats")
    panels[2].plot([0, 2], [0, 2], color="black", linestyle="--", label="true: t")
    panels[2].set(ylabel="estimate")
    for axes in panels:
        axes.legend(fontsize=8)
    return figure


def draw_surface(surface: DataFrame) -> Figure:
    """Draw the critics along a line across both lines, scaled to one, and their gradient norms."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    for name in CRITICS:
        part = surface[surface["critic"] == name]
        span = part["logit"].max() - part["logit"].min()
        label = LABELS[name].replace("`", "")
        left.plot(part["x"], (part["logit"] - part["logit"].min()) / span, color=COLORS[name], label=label)
        right.plot(part["x"], part["norm"], color=COLORS[name], label=label)
    right.axhline(1, color="black", linestyle="--", linewidth=1)
    right.set(xlabel="x, at half the height", ylabel="norm of the gradient", yscale="log")
    left.set(xlabel="x, at half the height", ylabel="critic, scaled to 0 … 1")
    for axes in (left, right):
        for at in (0, 1):
            axes.axvline(at, color="black", linewidth=0.7, linestyle=":")
    left.legend(fontsize=8)
    return figure


CHAPTER = Chapter(blocks=blocks, figures=figures, measure=measure)
