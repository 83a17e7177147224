"""Chapter 11, styles: StyleGAN2 beside other networks, path length regularisation, truncation, and few faces."""

from collections.abc import Mapping
from itertools import pairwise
from statistics import mean

from matplotlib.figure import Figure
from pandas import DataFrame

from gan.course.chapter import Blocks, Chapter, Figures
from gan.course.page import baseline_sentence, markdown_table, spread
from gan.course.rivals import draw_rows, lowest
from gan.course.seeds import last, relation, values_of
from gan.course.styles_runs import FACES, NETWORKS, collect, measure

__all__ = ["CHAPTER"]

LABELS = dict(zip(NETWORKS, ("StyleGAN2", "without path length", "ProGAN", "R3GAN", "DCGAN"), strict=True))
STARTS = dict(zip(FACES, ("no augmentation", "ADA", "ADA, from digits"), strict=True))
COLORS = {"none": "#1f6fb4", "ada": "#d9731a", "transfer": "#2b8a3e", "precision": "#1f6fb4", "recall": "#d9731a"}
IMAGES = {"train": "training", "test": "held-out", "samples": "generated"}


# Tables --------------------------------------------------------------------------------------------------------------


def blocks(tables: Mapping[str, DataFrame]) -> Blocks:
    """Return the generated parts of the page."""
    final = last(tables["scores"], "network")
    return {
        "networks": network_table(final, tables["costs"], float(tables["baselines"]["held_out"].iloc[0])),
        "best": f"{best_network(final)} {baseline_sentence(tables['baselines'])}",
        "paths": path_table(final, tables["paths"]),
        "smoother": smoother(final, tables["paths"]),
        "truncation": truncation_table(tables["truncation"]),
        "monotone": monotone(tables["truncation"]),
        "faces": face_table(tables["faces"], tables["verdicts"]),
        "few_faces": few_faces(tables["faces"], tables["verdicts"]),
    }


def network_table(final: DataFrame, costs: DataFrame, held_out: float) -> str:
    """Return the cost and the Fréchet distance of each network."""
    batches = dict(zip(final["network"], final["batch"], strict=True))
    rows = []
    for row in costs.to_dict("records"):
        network = str(row["network"])
        updates = int(final.loc[final["network"] == network, "step"].max())
        fd = values_of(final, "fd", network=network)
        rows.append(
            (
                LABELS[network],
                f"{row['parameters']:,.0f}",
                f"{1000 * row['seconds']:.0f} ms",
                f"{updates:,}",
                f"{updates * row['seconds'] / 60:.1f} min",
                f"{updates * batches[network]:,}",
                spread(fd),
                spread([value / held_out for value in fd]),
            )
        )
    columns = ("network", "parameters", "update", "updates", "CPU time", "images", "Fréchet distance", "over held-out")
    return markdown_table(columns, rows)


def best_network(final: DataFrame) -> str:
    """Return the network with the lowest Fréchet distance, and those that do not differ from it, in words."""
    best, equal = lowest({network: values_of(final, "fd", network=network) for network in NETWORKS})
    others = f", and {' and '.join(LABELS[network] for network in equal)} not clearly different" if equal else ""
    return f"{LABELS[best]} is lowest{others}."


def path_table(final: DataFrame, paths: DataFrame) -> str:
    """Return the perceptual path lengths of each network."""
    rows = []
    for network in NETWORKS:
        lengths = {space: values_of(paths, "length", network=network, space=space) for space in ("z", "w")}
        in_w = spread(lengths["w"]) if lengths["w"] else "–"
        rows.append((LABELS[network], spread(lengths["z"]), in_w, spread(values_of(final, "fd", network=network))))
    return markdown_table(("network", "path length in z", "in w", "Fréchet distance"), rows)


def smoother(final: DataFrame, paths: DataFrame) -> str:
    """Return the effect of path length regularisation, in words."""
    lines = []
    for space in ("w", "z"):
        on, off = (values_of(paths, "length", network=network, space=space) for network in NETWORKS[:2])
        lines.append(
            f"- **Path length in {space}**: {mean(on) / mean(off):.2f} times that without, {relation(on, off)} it."
        )
    on, off = (values_of(final, "fd", network=network) for network in NETWORKS[:2])
    lines.append(f"- **Fréchet distance**: {mean(on) / mean(off):.2f} times that without, {relation(on, off)} it.")
    return "\n".join(lines)


def truncation_table(scores: DataFrame) -> str:
    """Return precision, recall and Fréchet distance at each ψ."""
    rows = []
    for psi, part in scores.groupby("threshold"):
        cells = (spread(part[name], digits) for name, digits in (("precision", 3), ("recall", 3), ("fd", 1)))
        rows.append((f"{psi:g}", *cells))
    return markdown_table(("ψ", "precision", "recall", "Fréchet distance"), rows)


def monotone(scores: DataFrame) -> str:
    """Return in how many runs precision falls, and recall rises, at every step of ψ, in words."""
    lines = []
    for name, sign, verb in (("precision", -1, "falls"), ("recall", 1, "rises")):
        runs = [list(part.sort_values("threshold")[name]) for _, part in scores.groupby("seed")]
        steps = [sign * (after - before) >= 0 for run in runs for before, after in pairwise(run)]
        lines.append(f"- **{name.capitalize()}** {verb} with ψ in {sum(steps)} of {len(steps)} steps.")
    return "\n".join(lines)


def face_table(scores: DataFrame, verdicts: DataFrame) -> str:
    """Return the kernel distance at the first and the last evaluation, and what D takes for real."""
    rows = []
    for start in FACES:
        of_start = scores[scores["start"] == start]
        distances = (
            spread(values_of(of_start, "kd", step=step), 3) for step in (scores["step"].min(), scores["step"].max())
        )
        shares = ([100 * x for x in values_of(verdicts, "real", start=start, images=images)] for images in IMAGES)
        rows.append((STARTS[start], *distances, *(f"{spread(share, 0)} %" for share in shares)))
    steps = (f"kernel distance after {scores['step'].agg(end):,} updates" for end in ("min", "max"))
    return markdown_table(("start", *steps, *(f"{name} taken for real" for name in IMAGES.values())), rows)


def few_faces(scores: DataFrame, verdicts: DataFrame) -> str:
    """Return the effects of ADA and of other weights to start from, in words."""
    train, held_out = (
        {start: values_of(verdicts, "real", start=start, images=images) for start in FACES}
        for images in ("train", "test")
    )
    gaps = {start: [100 * (x - y) for x, y in zip(train[start], held_out[start], strict=True)] for start in FACES}
    lines = [
        f"- **Overfitting**, the share of training faces that D takes for real, less that of held-out ones: "
        f"{spread(gaps['ada'], 0)} points with ADA, {relation(gaps['ada'], gaps['none'])} "
        f"{spread(gaps['none'], 0)} without."
    ]
    for first, second, change in (("ada", "none", "ADA"), ("transfer", "ada", "A start from digits")):
        parts = []
        for step in (scores["step"].min(), scores["step"].max()):
            after, before = (values_of(scores, "kd", start=start, step=step) for start in (first, second))
            parts.append(f"{relation(after, before)} that without it after {step:,} updates")
        lines.append(f"- **{change}**: the kernel distance is {', and '.join(parts)}.")
    return "\n".join(lines)


# Figures -------------------------------------------------------------------------------------------------------------


def figures(tables: Mapping[str, DataFrame]) -> Figures:
    """Draw the figures."""
    return {
        "samples": draw_rows(tables["pictures"], LABELS),
        "truncation": draw_truncation(tables["truncation"]),
        "faces": draw_faces(tables["faces"], tables["verdicts"]),
        "face_samples": draw_rows(tables["pictures"], {f"faces {name}": label for name, label in STARTS.items()}),
    }


def draw_truncation(scores: DataFrame) -> Figure:
    """Draw precision and recall over ψ."""
    figure = Figure(figsize=(6.4, 3.8), layout="constrained")
    axes = figure.subplots()
    for name in ("precision", "recall"):
        over = scores.groupby("threshold")[name]
        axes.errorbar(over.mean().index, over.mean(), over.std(), marker="o", capsize=3, color=COLORS[name], label=name)
    axes.set(xlabel="ψ", ylabel="precision, recall", ylim=(0, 1))
    axes.legend(frameon=False)
    return figure


def draw_faces(scores: DataFrame, verdicts: DataFrame) -> Figure:
    """Draw the kernel distance over updates, and what D takes for real."""
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    for place, start in enumerate(FACES):
        color, label = COLORS[start], STARTS[start]
        for number, (_, run) in enumerate(scores[scores["start"] == start].groupby("seed")):
            left.plot(run["step"], run["kd"], marker="o", color=color, label=None if number else label)
        for column, images in enumerate(IMAGES):
            shares = values_of(verdicts, "real", start=start, images=images)
            right.bar(column + 0.27 * (place - 1), 100 * mean(shares), 0.24, color=color, alpha=0.4)
            right.plot([column + 0.27 * (place - 1)] * len(shares), [100 * x for x in shares], "o", color=color)
    left.set(xlabel="updates", ylabel="kernel distance", ylim=(0, None))
    left.legend(frameon=False)
    right.set(ylabel="taken for real by D, in %", ylim=(0, 105), xticks=range(len(IMAGES)))
    right.set_xticklabels([f"{name} faces" for name in IMAGES.values()])
    return figure


CHAPTER = Chapter(blocks=blocks, figures=figures, measure=measure, collect=collect)
