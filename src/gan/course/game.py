"""Chapter 1, the game: the value of the game in one dimension, the optimal discriminator and the density ratio."""

from collections.abc import Mapping
from math import log

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pandas import DataFrame

from gan.course.chapter import Blocks, Chapter, Figures
from gan.course.densities import jensen_shannon, optimal_logit
from gan.course.game_runs import FAKE, INK, POINTS, REAL, measure
from gan.course.page import markdown_table, spread

__all__ = ["CHAPTER"]

BLUE, ORANGE, GREEN, GREY = "#1f6fb4", "#d9731a", "#2b8a3e", "#777777"


def blocks(tables: Mapping[str, DataFrame]) -> Blocks:
    """Return the generated parts of the page."""
    return {
        **digits_blocks(tables["digits"]),
        **value_blocks(tables["value"]),
        **points_blocks(tables["points"]),
        **game_blocks(tables["game"]),
    }


def digits_blocks(digits: DataFrame) -> Blocks:
    """Return the table of two variables, what is read off it, and the game on its margin."""
    counts = {int(row["digit"]): [int(row[ink]) for ink in INK] for row in digits.to_dict("records")}
    total = sum(map(sum, counts.values()))
    by_ink = [sum(column) for column in zip(*counts.values(), strict=True)]

    def row(digit: int, chances: list[float]) -> tuple[object, ...]:
        return (f"digit {digit}", *(f"{chance:.3f}" for chance in chances))

    joint = [row(digit, [count / total for count in line]) for digit, line in counts.items()]
    given = [row(digit, [count / of for count, of in zip(line, by_ink, strict=True)]) for digit, line in counts.items()]
    right = sum(max(column) for column in zip(*counts.values(), strict=True))
    real = [count / total for count in by_ink]
    fake = [1 / 3] * 3
    pairs = list(zip(real, fake, strict=True))
    best = [r / (r + f) for r, f in pairs]
    amount = sum(r * log(d) + f * log(1 - d) for (r, f), d in zip(pairs, best, strict=True))
    js = sum(r * log(2 * r / (r + f)) + f * log(2 * f / (r + f)) for r, f in pairs) / 2
    lines = [
        ("$p_r(x)$, real", *(f"{r:.3f}" for r in real)),
        ("$p_g(x)$, fake", *(f"{f:.3f}" for f in fake)),
        ("$D^*(x)$", *(f"{d:.3f}" for d in best)),
    ]
    columns = [f"ink: {ink}" for ink in INK]
    return {
        "joint": markdown_table(("$p(x, y)$", *columns), [*joint, ("sum, $p(x)$", *(f"{r:.3f}" for r in real))]),
        "conditional": markdown_table(("$p(y \\mid x)$", *columns), given)
        + f"\n\nThe most probable digit for each amount of ink is right for {right / total:.1%} of these {total:,} "
        "images.",
        "margin": markdown_table(("", *columns), lines)
        + f"\n\n$V(D^*, G)$ is {amount:.4f}, the divergence {js:.4f}, and $-\\log 4$ plus twice the divergence "
        f"{2 * js - log(4):.4f}.",
    }


def value_blocks(results: DataFrame) -> Blocks:
    """Return the table of values at several distances, and the largest gap."""
    rows = [
        (
            f"{shift:g}",
            f"{part['js'].iloc[0]:.4f}",
            f"{2 * part['js'].iloc[0] - log(4):.4f}",
            f"{part['optimal'].iloc[0]:.4f}",
            spread(part["learned"], 4),
            spread(part["logged"], 3),
            spread(part["d_error"], 4),
        )
        for shift, part in results.groupby("shift")
    ]
    gap = results["optimal"] - results["learned"]
    columns = (
        "distance",
        "JSD",
        "$-\\log 4 + 2\\,$JSD",
        "$V$ of $D^*$",
        "$V$ of the learned $D$",
        "as a run logs it",
        "mean of $\\lvert D - D^* \\rvert$",
    )
    return {
        "value": markdown_table(columns, rows)
        + f"\n\nMean ± standard deviation over {results['seed'].nunique()} seeds. Over all distances and seeds, the "
        f"learned D falls short of the optimum by {gap.min():.5f} to {gap.max():.5f}.",
    }


def points_blocks(results: DataFrame) -> Blocks:
    """Return the table of density ratios from few points."""
    exact = jensen_shannon(REAL, FAKE)
    rows = [
        (
            f"{points:,}" if points else "new in each step",
            spread(part["js_on_training_points"], 3),
            spread(part["js"], 3),
            spread(part["error_common"], 2),
            spread(part["error_rare"], 2),
        )
        for points, part in sorted(results.groupby("points"), key=lambda item: item[0] or float("inf"))
    ]
    columns = (
        "points of each kind",
        "JSD by D on these points",
        "JSD by D on the densities",
        "error of $\\log r$, common $x$",
        "error of $\\log r$, rare $x$",
    )
    return {
        "points": markdown_table(columns, rows)
        + f"\n\nThe true divergence is {exact:.3f}. Errors are root mean squares over the mixture of both densities, "
        "where it is above 0.05 (common) and below (rare).",
    }


def game_blocks(game: DataFrame) -> Blocks:
    """Return the course of the game at some steps, and its state when D guesses."""
    steps = int(game["step"].max())
    rows = [
        (
            f"{step:,}",
            spread(part["value"], 3),
            spread(part["js"], 3),
            spread(part["from_half"], 3),
        )
        for step, part in game.groupby("step")
        if step in {0, steps // 40, steps // 10, steps // 5, steps // 2, steps * 3 // 4, steps}
    ]
    late = game[game["step"] > steps // 10]
    guessing = late[(late["value"] + log(4)).abs() < 0.005]
    return {
        "game": markdown_table(("updates", "$V(D, G)$", "JSD", "mean of $\\lvert D - 1/2 \\rvert$"), rows)
        + f"\n\nMean ± standard deviation over {game['seed'].nunique()} seeds; $-\\log 4$ is {-log(4):.3f}. After the "
        f"first tenth, V is within 0.005 of $-\\log 4$ in {len(guessing)} of {len(late)} readings. The divergence in "
        f"those readings lies between {guessing['js'].min():.3f} and {guessing['js'].max():.3f}, with a median of "
        f"{guessing['js'].median():.3f}.",
    }


# Figures -------------------------------------------------------------------------------------------------------------


def figures(tables: Mapping[str, DataFrame]) -> Figures:
    """Draw the figures."""
    return {
        "densities": draw_densities(tables["line"]),
        "value": draw_value(tables["value"]),
        "points": draw_points(tables["ratio"]),
        "game": draw_game(tables["game"], tables["snapshots"]),
    }


def draw_densities(line: DataFrame) -> Figure:
    """Draw two densities with the optimal and the learned discriminators, and the log of the density ratio."""
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    x = torch.linspace(-3, 4, 281, dtype=torch.float64)
    logit = optimal_logit(REAL, FAKE, x)
    left.fill_between(x, REAL.density(x), color=BLUE, alpha=0.35, label="$p_r$, real")
    left.fill_between(x, FAKE.density(x), color=ORANGE, alpha=0.35, label="$p_g$, fake")
    left.plot(x, logit.sigmoid(), color="black", linestyle="--", label="$D^*$, optimal", zorder=3)
    right.plot(x, logit, color="black", linestyle="--", label="true", zorder=3)
    for seed, part in line.groupby("seed"):
        label = None if seed else f"learned, {line['seed'].nunique()} seeds"
        left.plot(part["x"], torch.tensor(part["logit"].to_numpy()).sigmoid(), color=GREEN, linewidth=1.5, label=label)
        right.plot(part["x"], part["logit"], color=GREEN, linewidth=1.5, label=label)
    left.set(xlabel="x", ylabel="density; D(x)", ylim=(0, 1.02), xlim=(-3, 4))
    right.set(xlabel="x", ylabel="logit; log of $p_r(x) / p_g(x)$", xlim=(-3, 4))
    shade_rare(right)
    for axes in (left, right):
        axes.legend(fontsize=8, loc="upper right")
    return figure


def shade_rare(axes: Axes) -> None:
    """Shade the points that are rare in both densities."""
    x = torch.linspace(-3, 4, 281, dtype=torch.float64)
    rare = (REAL.density(x) + FAKE.density(x)) / 2 < 0.05
    axes.fill_between(
        x,
        0,
        1,
        where=rare.numpy(),
        color=GREY,
        alpha=0.2,
        linewidth=0,
        transform=axes.get_xaxis_transform(),
        label="rare x",
    )


def draw_value(results: DataFrame) -> Figure:
    """Draw the value of the game over the distance of the densities."""
    figure = Figure(figsize=(6.5, 3.8), layout="constrained")
    axes = figure.subplots()
    shifts = torch.linspace(0, 4.2, 43).tolist()
    optimum = [2 * jensen_shannon(REAL, REAL.shifted(shift)) - log(4) for shift in shifts]
    axes.plot(shifts, optimum, color="black", linestyle="--", label="$-\\log 4 + 2\\,$JSD, computed")
    axes.plot(results["shift"], results["learned"], "o", color=GREEN, label="learned D", alpha=0.6)
    axes.plot(results["shift"], results["logged"], "x", color=BLUE, label="as a run logs it: 4,096 points", alpha=0.8)
    axes.axhline(-log(4), color=GREY, linewidth=1)
    axes.axhline(0, color=GREY, linewidth=1)
    axes.annotate("$-\\log 4$: D guesses", (2.6, -log(4) + 0.03), fontsize=9)
    axes.annotate("0: D is always right", (0.1, -0.07), fontsize=9)
    axes.set(xlabel="distance of the two densities", ylabel="V(D, G) in nats", ylim=(-1.48, 0.08))
    axes.legend(fontsize=8, loc="center right")
    return figure


def draw_points(ratio: DataFrame) -> Figure:
    """Draw the log of the density ratio that discriminators learn from few points."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    panels = figure.subplots(1, len(POINTS), sharey=True)
    x = torch.linspace(-3, 4, 281, dtype=torch.float64)
    for axes, points in zip(panels, POINTS, strict=True):
        shown = ratio[ratio["points"] == points]
        for seed, part in shown.groupby("seed"):
            label = None if seed else f"learned, {shown['seed'].nunique()} seeds"
            axes.plot(part["x"], part["logit"], color=GREEN, label=label)
        axes.plot(x, optimal_logit(REAL, FAKE, x), color="black", linestyle="--", label="true")
        shade_rare(axes)
        axes.set(xlabel="x", title=f"{points:,} points of each kind", ylim=(-12, 12), xlim=(-3, 4))
        axes.title.set_fontsize(10)
    panels[0].set_ylabel("logit; log of $p_r(x) / p_g(x)$")
    panels[0].legend(fontsize=8, loc="lower left")
    return figure


def draw_game(game: DataFrame, snapshots: DataFrame) -> Figure:
    """Draw densities and discriminators during the game, and its measures over the updates."""
    figure = Figure(figsize=(9, 6), layout="constrained")
    rows = figure.add_gridspec(2, 1, height_ratios=(1, 1.1))
    above, below = figure.add_subfigure(rows[0]), figure.add_subfigure(rows[1])
    steps = sorted(snapshots["step"].unique())
    for axes, step in zip(above.subplots(1, len(steps), sharey=True), steps, strict=True):
        part = snapshots[snapshots["step"] == step]
        x = torch.tensor(part["x"].to_numpy())
        axes.fill_between(x, REAL.density(x), color=BLUE, alpha=0.35, label="$p_r$, real")
        axes.fill_between(x, part["fake"], color=ORANGE, alpha=0.45, step="mid", label="$p_g$, fake")
        axes.plot(x, torch.tensor(part["logit"].to_numpy()).sigmoid(), color=GREEN, label="D(x)")
        axes.set(title=f"{step:,} updates", xlabel="x", ylim=(0, 1.02), xlim=(-3, 3))
        axes.title.set_fontsize(10)
        if step == steps[0]:
            axes.legend(fontsize=8, loc="upper left")
            axes.set_ylabel("density; D(x)")
    names = {"value": "V(D, G)", "js": "JSD of $p_r$ and $p_g$", "from_half": "mean of |D - 1/2|"}
    optimum = {"value": -log(4), "js": 0.0, "from_half": 0.0}
    for axes, (name, label) in zip(below.subplots(1, 3), names.items(), strict=True):
        for seed, part in game.groupby("seed"):
            axes.plot(part["step"], part[name], color=GREEN, alpha=0.7, linewidth=1, label=None if seed else "one seed")
        axes.axhline(optimum[name], color="black", linestyle="--", linewidth=1, label="at equilibrium")
        axes.set(xlabel="updates of each player", ylabel=label)
        if name != "value":
            axes.set_yscale("symlog", linthresh=0.01)
            axes.set_ylim(bottom=0)
            axes.set_yticks([0, 0.01, 0.1, 0.5], ["0", "0.01", "0.1", "0.5"])
    below.axes[0].legend(fontsize=8)
    return figure


CHAPTER = Chapter(blocks=blocks, figures=figures, measure=measure)
