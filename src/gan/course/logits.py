"""Chapter 2, losses from logits: number formats, a worked example, and the gradient that reaches G while D wins."""

from collections.abc import Mapping
from math import inf, isfinite, log, nan

import numpy as np
from matplotlib.figure import Figure
from pandas import DataFrame

from gan.course.chapter import Blocks, Chapter, Figures
from gan.course.logits_runs import DTYPES, FORMS, WORKED, measure
from gan.course.page import markdown_table, spread

__all__ = ["CHAPTER"]

BLUE, ORANGE, GREEN, GREY, RED = "#1f6fb4", "#d9731a", "#2b8a3e", "#777777", "#b3263a"
COLORS = {"minimax": ORANGE, "non_saturating": BLUE}
LABELS = {"minimax": "minimax (saturating)", "non_saturating": "non-saturating"}
STYLES = {
    "probability": (RED, "-", 1.5),
    "clipped probability": (ORANGE, "--", 1.8),
    "binary_cross_entropy": (GREY, ":", 2.2),
    "logit": (GREEN, "-", 3.0),
}


def blocks(tables: Mapping[str, DataFrame]) -> Blocks:
    """Return the generated parts of the page."""
    return {
        "limits": limits_block(tables["limits"]),
        "worked": worked_block(tables["worked"]),
        "winning": winning_block(tables["winning"]),
        "training": training_block(tables["training"]),
    }


def number(value: float) -> str:
    """Format a loss or derivative that may be infinite or no number."""
    if isfinite(value):
        return f"{value + 0.0:g}"  # a negative zero becomes 0
    return {inf: "infinite", -inf: "-infinite"}.get(value, "not a number")


def limits_block(limits: DataFrame) -> str:
    """Return the table of the logits at which each form of a loss fails."""
    rows = []
    for (loss, form), part in limits.groupby(["loss", "form"], sort=False):
        by_dtype = {row["dtype"]: row for row in part.to_dict("records")}
        cells: list[str] = []
        for dtype in DTYPES:
            row = by_dtype[dtype]
            first = [float(row["loss_fails"]), float(row["gradient_fails"])]
            cells.append(" / ".join(f"{x:g}" if isfinite(x) else "never" for x in first))
            cells.append(f"{number(float(row['loss_at_150']))} / {number(float(row['gradient_at_150']))}")
        rows.append((loss, f"`{form}`" if "_" in form else form, *cells))
    columns = ["loss", "computed from"]
    for dtype in DTYPES:
        columns += [f"{dtype}: wrong from", f"{dtype}: at 150"]
    return markdown_table(columns, rows)


def worked_block(worked: DataFrame) -> str:
    """Return the worked example: a row per image, and the losses."""
    names = {"d": "D's loss", "minimax": "G's, minimax", "ns": "G's, non-saturating"}

    def pair(row: Mapping[str, float], name: str) -> str:
        by_hand, by_code = row.get(f"{name}_by_hand", nan), row.get(f"{name}_by_code", nan)
        return f"{by_hand:.3f} / {by_code:.3f}" if isfinite(by_hand) else "–"

    rows = [
        (row["image"], f"{row['output']:g}", f"{row['logit']:.3f}", *(pair(row, name) for name in names))
        for row in worked.to_dict("records")
    ]
    (r1, r2), (f1, f2) = WORKED
    of_d = -(log(r1) + log(r2)) / 2 - (log(1 - f1) + log(1 - f2)) / 2
    minimax, ns = (log(1 - f1) + log(1 - f2)) / 2, -(log(f1) + log(f2)) / 2
    columns = ("image", "$D$", "logit", *(f"slope of {name}: by hand / by code" for name in names.values()))
    return (
        markdown_table(columns, rows)
        + f"\n\nThe losses: D's {of_d:.4f}, so that $V = {-of_d:.4f}$; G's {minimax:.4f} (minimax) or {ns:.4f} "
        "(non-saturating)."
    )


def winning_block(winning: DataFrame) -> str:
    """Return the table of the gradients that reach a G that stands still while D learns."""
    last = int(winning["update"].max())
    rows = []
    for (start, update), part in winning.groupby(["start", "update"]):
        if update in {0, 5, 20, last}:
            ratio = part["non_saturating"] / part["minimax"]
            rows.append(
                (
                    f"{start:,}",
                    update,
                    spread(part["value"], 3),
                    spread(part["logit"], 2),
                    spread(part["minimax"], 3),
                    spread(part["non_saturating"], 2),
                    f"{ratio.mean():,.1f}",
                    spread(part["cosine"], 2),
                )
            )
    columns = (
        "updates of both",
        "of D alone",
        "$V(D, G)$",
        "mean logit of fakes",
        "gradient, minimax",
        "gradient, non-saturating",
        "non-saturating / minimax",
        "cosine",
    )
    lost = winning[(winning["update"] == last)]["minimax"] / winning[winning["update"] == 0]["minimax"].to_numpy()
    grown = (
        winning[winning["update"] == last]["non_saturating"]
        / winning[winning["update"] == 0]["non_saturating"].to_numpy()
    )
    return (
        markdown_table(columns, rows)
        + f"\n\nMean ± standard deviation over {winning['seed'].nunique()} seeds. Over D's {last} updates alone, the "
        f"minimax gradient changes by a factor of {lost.min():.3f} to {lost.max():.3f}, the non-saturating one by "
        f"{grown.min():.1f} to {grown.max():.1f}."
    )


def training_block(training: DataFrame) -> str:
    """Return the table of whole games with both losses."""
    rows, last = [], int(training["step"].max())
    for name, part in training.groupby("loss"):
        late = part[part["step"] > last / 2].groupby("seed")["gradient"].median()
        early = part[part["step"] < last / 10].groupby("seed")["gradient"].median()
        rows.append((LABELS[str(name)], spread(early, 2), spread(late, 2), spread(part["score"].dropna(), 0)))
    scores = training.dropna(subset="score").pivot_table(index="seed", columns="loss", values="score")
    gap = scores["minimax"] - scores["non_saturating"]
    columns = ("G's loss", "gradient, first tenth", "gradient, second half", "Fréchet distance at the end")
    return (
        markdown_table(columns, rows)
        + f"\n\nMean ± standard deviation over {len(scores)} seeds; lower distances are better. On the same seed, "
        f"the distance of minimax less that of the non-saturating loss is {spread(gap, 0)}; minimax is the worse "
        f"one on {int((gap > 0).sum())} of {len(gap)} seeds."
    )


# Figures -------------------------------------------------------------------------------------------------------------


def figures(tables: Mapping[str, DataFrame]) -> Figures:
    """Draw the figures."""
    return {
        "formats": draw_formats(tables["curves"]),
        "winning": draw_winning(tables["winning"]),
        "training": draw_training(tables["training"], tables["samples"]),
    }


def draw_formats(curves: DataFrame) -> Figure:
    """Draw the derivative of each loss in each number format and form."""
    figure = Figure(figsize=(9, 6), layout="constrained")
    panels = figure.subplots(len(FORMS), len(DTYPES))
    for row, loss in zip(panels, FORMS, strict=True):
        for axes, dtype in zip(row, DTYPES, strict=True):
            part = curves[(curves["loss"] == loss) & (curves["dtype"] == dtype)]
            for form, (color, line, width) in reversed(STYLES.items()):
                points = part[part["form"] == form].sort_values("x")
                label = {"probability": "from the probability", "logit": "from the logit"}.get(form, form)
                axes.plot(points["x"], points["gradient"], color=color, linestyle=line, linewidth=width, label=label)
                if points["gradient"].isna().any():  # not a number after the last point that is drawn
                    last = points.dropna().sort_values("x", key=abs).iloc[-1]
                    axes.plot([last["x"]], [last["gradient"]], "X", color=color, markersize=9)
            axes.set(title=f"{loss}, {dtype}", xlabel="logit", ylabel="derivative by the logit")
            axes.title.set_fontsize(10)
            axes.set_xlim((-2, 100) if loss.startswith("D") else (-100, 2))
            axes.set_ylim((-0.08, 1.15) if loss.startswith("D") else (-1.15, 0.08))
    panels[0, 0].legend(fontsize=8, loc="center right")
    return figure


def draw_winning(winning: DataFrame) -> Figure:
    """Draw the norms of G's gradients while D learns alone, and their ratio against the theory."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    starts = sorted(winning["start"].unique())
    panels = figure.subplots(1, len(starts) + 1)
    for axes, start in zip(panels, starts, strict=False):
        part = winning[winning["start"] == start]
        for name, color in COLORS.items():
            for seed, line in part.groupby("seed"):
                label = None if seed else LABELS[name]
                axes.plot(line["update"], line[name], color=color, linewidth=1, alpha=0.8, label=label)
        title = f"G after {start:,} updates" if start else "G at the start"
        axes.set(yscale="log", xlabel="updates of D alone", title=title)
        axes.title.set_fontsize(10)
    low, high = winning["minimax"].min(), winning["non_saturating"].max()
    for axes in panels[:-1]:
        axes.set_ylim(low / 2, high * 2)
    panels[0].set_ylabel("norm of G's gradient")
    panels[0].legend(fontsize=8, loc="upper left")
    x = winning["logit"]
    panels[-1].plot(x, winning["minimax"] / winning["non_saturating"], ".", color=GREEN, alpha=0.5, label="measured")
    ends = np.linspace(float(x.min()), float(x.max()), 20)
    panels[-1].plot(ends, np.exp(ends), color="black", linestyle="--", label="$e^{logit}$")
    panels[-1].set(yscale="log", xlabel="mean logit of fakes", title="minimax / non-saturating")
    panels[-1].title.set_fontsize(10)
    panels[-1].legend(fontsize=8)
    return figure


def draw_training(training: DataFrame, samples: DataFrame) -> Figure:
    """Draw G's gradient over whole games, and samples of the first seed."""
    figure = Figure(figsize=(8.4, 3), layout="constrained")
    grid = figure.add_gridspec(1, 3, width_ratios=(1.4, 1, 1))
    axes = figure.add_subplot(grid[0])
    for name, color in COLORS.items():
        part = training[training["loss"] == name]
        for seed, line in part.groupby("seed"):
            label = None if seed else LABELS[name]
            axes.plot(line["step"], line["gradient"], color=color, linewidth=1, alpha=0.8, label=label)
    axes.set(xlabel="updates of each player", ylabel="norm of G's gradient", ylim=(0, None))
    axes.legend(fontsize=8)
    for place, name in enumerate(COLORS, start=1):
        pixels = [list(bytes.fromhex(row)) for row in samples[samples["loss"] == name]["pixels"]]
        images = np.array(pixels, dtype=np.uint8).reshape(4, 4, 28, 28)
        axes = figure.add_subplot(grid[place])
        axes.imshow(
            images.transpose(0, 2, 1, 3).reshape(112, 112), cmap="gray", vmin=0, vmax=255, interpolation="nearest"
        )
        axes.set_title(LABELS[name], fontsize=10)
        axes.set_axis_off()
    return figure


CHAPTER = Chapter(blocks=blocks, figures=figures, measure=measure)
