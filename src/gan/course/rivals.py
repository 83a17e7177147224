"""Chapter 9, rivals: a GAN, a VAE, a VQ-VAE and a diffusion model after equal computing time."""

from collections.abc import Callable, Mapping, Sequence
from statistics import mean, stdev

from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from pandas import DataFrame

from gan.course.chapter import Blocks, Chapter, Figures
from gan.course.page import markdown_table, spread
from gan.course.rivals_runs import RIVALS, STEPS, collect, decode, measure
from gan.course.seeds import differs, plain_ticks

__all__ = ["CHAPTER", "lowest"]

COLORS = dict(zip(RIVALS, ("#1f6fb4", "#777777", "#2b8a3e", "#d9731a"), strict=True))
LABELS = dict(zip(RIVALS, ("DCGAN", "VAE", "VQ-VAE", "DDPM"), strict=True))
SCORES = {  # by column: title, decimals, and what is lowest for the best
    "fd": ("Fréchet distance", 1, lambda score: score),
    "sharpness": ("sharpness", 2, lambda score: abs(score - 1)),
    "precision": ("precision", 2, lambda score: -score),
    "recall": ("recall", 2, lambda score: -score),
    "coverage": ("coverage", 2, lambda score: -score),
}


def lowest(values: Mapping[str, Sequence[float]]) -> tuple[str, list[str]]:
    """Return the name of the lowest mean, and the others that do not differ from it."""
    best = min(values, key=lambda name: mean(values[name]))
    return best, [name for name in values if name != best and not differs(values[best], values[name])]


# Tables --------------------------------------------------------------------------------------------------------------


def blocks(tables: Mapping[str, DataFrame]) -> Blocks:
    """Return the generated parts of the page."""
    scores, sampling = tables["scores"], tables["sampling"]
    usual = sampling[sampling["steps"] == 0]
    return {
        "costs": cost_table(scores, usual, tables["costs"]),
        "quality": quality_table(scores),
        "best": f"{best_of_each(last(scores))}\n{halves(scores)}",
        "steps": step_table(sampling),
        "speed": speed(usual),
        "reconstructions": reconstruction_table(tables["reconstructions"]),
        "baselines": baseline_text(tables["baselines"]),
    }


def last(scores: DataFrame) -> DataFrame:
    """Return the scores of the last evaluation of each run."""
    return scores[scores["step"] == scores.groupby("rival")["step"].transform("max")]


def of_rival(table: DataFrame, column: str) -> dict[str, list[float]]:
    """Return a column's values over the seeds, by rival."""
    return {rival: [float(x) for x in table.loc[table["rival"] == rival, column]] for rival in RIVALS}


def cost_table(scores: DataFrame, sampling: DataFrame, costs: DataFrame) -> str:
    """Return parameters, and the CPU time of training and sampling."""
    seconds, rows = of_rival(sampling, "seconds"), []
    for row in costs.to_dict("records"):
        rival = str(row["rival"])
        updates = int(scores.loc[scores["rival"] == rival, "step"].max())
        rows.append(
            (
                LABELS[rival],
                f"{row['parameters']:,.0f}",
                f"{row['generator_parameters']:,.0f}",
                f"{1000 * row['seconds']:.1f} ms",
                f"{updates:,}",
                f"{updates * row['seconds']:.0f} s",
                f"{spread(seconds[rival], 2)} s",
            )
        )
    columns = ("rival", "parameters", "of them for sampling", "update", "updates", "training", "1,000 images")
    return markdown_table(columns, rows)


def quality_table(scores: DataFrame) -> str:
    """Return all scores of the last evaluation."""
    final = last(scores)
    columns = {name: of_rival(final, name) for name in SCORES}
    rows = [
        (LABELS[rival], *(spread(columns[name][rival], digits) for name, (_, digits, _) in SCORES.items()))
        for rival in RIVALS
    ]
    return markdown_table(("rival", *(title for title, _, _ in SCORES.values())), rows)


def best_of_each(final: DataFrame) -> str:
    """Return the best rival by each score, in words."""
    lines = []
    for name, (title, _, loss) in SCORES.items():
        values = {rival: list(map(loss, seeds)) for rival, seeds in of_rival(final, name).items()}
        best, equal = lowest(values)
        others = f"; {' and '.join(LABELS[rival] for rival in equal)} not clearly different" if equal else ""
        nearest = " (nearest to that of real digits)" if name == "sharpness" else ""
        lines.append(f"- **{title[0].upper()}{title[1:]}**: {LABELS[best]} is best{nearest}{others}.")
    return "\n".join(lines)


def halves(scores: DataFrame) -> str:
    """Return the Fréchet distances after half of the updates and after all, in words."""
    parts = []
    final = of_rival(last(scores), "fd")
    for rival, half in of_rival(scores.drop(last(scores).index), "fd").items():
        parts.append(f"{LABELS[rival]} {mean(half):.1f} and {mean(final[rival]):.1f}")
    return f"- **Fréchet distance after half of the time and after all of it**: {'; '.join(parts)}."


def step_table(sampling: DataFrame) -> str:
    """Return what the number of steps of DDIM costs and gives."""
    rows = []
    for steps in STEPS:
        part = sampling[sampling["steps"] == steps]
        columns = zip(("seconds", "fd", "sharpness"), (1, 1, 2), strict=True)
        seconds, fd, sharpness = (spread(part[name], digits) for name, digits in columns)
        rows.append((steps, f"{seconds} s", fd, sharpness))
    return markdown_table(("steps", "1,000 images", "Fréchet distance", "sharpness"), rows)


def speed(sampling: DataFrame) -> str:
    """Return how many times as long as the GAN the others take to sample, in words."""
    first, *others = ((LABELS[rival], mean(values)) for rival, values in of_rival(sampling, "seconds").items())
    times = ", ".join(f"{label} {seconds / first[1]:.1f}" for label, seconds in others)
    return f"Sampling takes, in multiples of {first[0]}'s time: {times}."


def reconstruction_table(errors: DataFrame) -> str:
    """Return the errors of reconstructions."""
    names = {"mean image": "mean of the training images", **LABELS}
    rows = [(names[str(rival)], spread(part["error"], 4)) for rival, part in errors.groupby("rival", sort=False)]
    return markdown_table(("reconstruction", "mean squared error of a pixel"), rows)


def baseline_text(baselines: DataFrame) -> str:
    """Return the Fréchet distances of real images and of noise, in words."""
    row = baselines.iloc[0]
    return (
        f"For comparison, {row['held_out_images']:,.0f} held-out real digits have a Fréchet distance of "
        f"{row['held_out']:.1f}, and images of noise {row['noise']:.0f}."
    )


# Figures -------------------------------------------------------------------------------------------------------------


def figures(tables: Mapping[str, DataFrame]) -> Figures:
    """Draw the figures."""
    pictures = tables["pictures"]
    samples = {"real": "held-out digits", **{f"{rival} samples": LABELS[rival] for rival in RIVALS}}
    reconstructions = {"real": "held-out digits"}
    reconstructions |= {f"{rival} reconstructions": LABELS[rival] for rival in ("vae", "vqvae")}
    steps = {f"ddpm {number} steps": f"{number} steps" for number in STEPS}
    return {
        "samples": draw_rows(pictures, samples),
        "reconstructions": draw_rows(pictures, reconstructions),
        "steps": draw_rows(pictures, steps),
        "tradeoff": draw_tradeoff(last(tables["scores"]), tables["sampling"]),
    }


def draw_rows(pictures: DataFrame, rows: Mapping[str, str]) -> Figure:
    """Draw one row of images of each kind."""
    number = len(pictures[pictures["kind"] == next(iter(rows))])
    layout = ConstrainedLayoutEngine(w_pad=0.04, h_pad=0.01, wspace=0, hspace=0)
    figure = Figure(figsize=(8, 0.72 * len(rows)), layout=layout)
    grid = figure.subplots(len(rows), number, squeeze=False)
    for line, (kind, label) in zip(grid, rows.items(), strict=True):
        for axes, pixels in zip(line, pictures.loc[pictures["kind"] == kind, "pixels"], strict=True):
            axes.imshow(decode(pixels), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            axes.set(xticks=[], yticks=[])
        line[0].set_ylabel(label.replace(" ", "\n"), rotation=0, ha="right", va="center", fontsize=9)
    return figure


def draw_tradeoff(final: DataFrame, sampling: DataFrame) -> Figure:
    """Draw the Fréchet distance over the time of sampling, and coverage over sharpness."""
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    usual = sampling[sampling["steps"] == 0]
    for rival in RIVALS:
        style = {"color": COLORS[rival], "marker": "o", "capsize": 3, "linestyle": "none", "label": LABELS[rival]}
        if rival != "ddpm":
            _point(left.errorbar, of_rival(usual, "seconds")[rival], of_rival(usual, "fd")[rival], style)
        _point(right.errorbar, of_rival(final, "sharpness")[rival], of_rival(final, "coverage")[rival], style)
    steps = sampling[sampling["steps"] > 0].groupby("steps")
    x, y, deviation = steps["seconds"].mean(), steps["fd"].mean(), steps["fd"].std()
    left.errorbar(x, y, yerr=deviation, color=COLORS["ddpm"], marker="o", capsize=3, label="DDPM, by steps")
    for number in STEPS:
        left.annotate(str(number), (x[number], y[number]), xytext=(5, 5), textcoords="offset points", fontsize=8)
    left.set(xscale="log", yscale="log", xlabel="CPU seconds for 1,000 images", ylabel="Fréchet distance")
    plain_ticks(left)
    right.axvline(1, color="black", linestyle=":", linewidth=1)
    right.set(xlabel="sharpness (real digits: 1)", ylabel="coverage")
    for axes in (left, right):
        axes.legend(fontsize=8)
    return figure


def _point(draw: Callable[..., object], x: Sequence[float], y: Sequence[float], style: Mapping[str, object]) -> None:
    draw(mean(x), mean(y), xerr=stdev(x), yerr=stdev(y), **style)


CHAPTER = Chapter(blocks=blocks, figures=figures, measure=measure, collect=collect)
