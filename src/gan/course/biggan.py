"""Chapter 12, biggan: BigGAN beside a smaller network, and what truncation does with and without orthogonality."""

from collections.abc import Mapping
from statistics import mean

from matplotlib.figure import Figure
from pandas import DataFrame

from gan.course.biggan_runs import NETWORKS, collect, measure
from gan.course.chapter import Blocks, Chapter, Figures
from gan.course.page import baseline_sentence, markdown_table, spread
from gan.course.rivals import draw_rows, lowest
from gan.course.seeds import last, relation, values_of

__all__ = ["CHAPTER"]

LABELS = dict(zip(NETWORKS, ("BigGAN", "without orthogonality", "projection DCGAN"), strict=True))
COLORS = dict(zip(NETWORKS, ("#1f6fb4", "#d9731a", "#777777"), strict=True))
SCORES = {"accuracy": "accuracy", "precision": "precision", "recall": "recall"}


# Tables --------------------------------------------------------------------------------------------------------------


def blocks(tables: Mapping[str, DataFrame]) -> Blocks:
    """Return the generated parts of the page."""
    final = last(tables["scores"], "network")
    return {
        "networks": network_table(final, tables["costs"]),
        "best": f"{best_network(final)}\n\n{baseline_sentence(tables['baselines'])}",
        "truncation": truncation_table(tables["truncation"]),
        "orthogonality": orthogonality(final, tables["truncation"]),
    }


def network_table(final: DataFrame, costs: DataFrame) -> str:
    """Return the cost and the scores of each network."""
    rows = []
    for row in costs.to_dict("records"):
        network = str(row["network"])
        updates = int(final.loc[final["network"] == network, "step"].max())
        accuracy = [100 * share for share in values_of(final, "accuracy", network=network)]
        rows.append(
            (
                LABELS[network],
                f"{row['parameters']:,.0f}",
                f"{1000 * row['seconds']:.0f} ms",
                f"{updates:,}",
                f"{updates * row['seconds'] / 60:.1f} min",
                f"{spread(accuracy)} %",
                spread(values_of(final, "fd", network=network)),
                spread(values_of(final, "intra_fd", network=network)),
            )
        )
    columns = ("network", "parameters", "update", "updates", "CPU time")
    return markdown_table((*columns, "accuracy", "Fréchet distance", "within classes"), rows)


def best_network(final: DataFrame) -> str:
    """Return the network that is best by each score, and those that do not differ from it, in words."""
    lines = []
    for name, label, sign in (
        ("accuracy", "accuracy", -1),
        ("fd", "Fréchet distance", 1),
        ("intra_fd", "Fréchet distance within classes", 1),
    ):
        values = {network: [sign * x for x in values_of(final, name, network=network)] for network in NETWORKS}
        best, equal = lowest(values)
        others = f"; {' and '.join(LABELS[network] for network in equal)} not clearly different" if equal else ""
        lines.append(f"- **{label[0].upper()}{label[1:]}**: {LABELS[best]} is best{others}.")
    return "\n".join(lines)


def truncation_table(scores: DataFrame) -> str:
    """Return the scores of each network at each threshold."""
    rows = []
    for network in NETWORKS:
        for threshold, part in scores[scores["network"] == network].groupby("threshold"):
            accuracy = f"{spread([100 * share for share in part['accuracy']])} %"
            cells = (spread(part[name], digits) for name, digits in (("precision", 2), ("recall", 2), ("fd", 1)))
            rows.append((LABELS[network], f"{threshold:g}", accuracy, *cells))
    return markdown_table(("network", "threshold", "accuracy", "precision", "recall", "Fréchet distance"), rows)


def orthogonality(final: DataFrame, truncation: DataFrame) -> str:
    """Return what orthogonal regularisation changes, without truncation and at the lowest threshold, in words."""
    on, off = (values_of(final, "fd", network=network) for network in NETWORKS[:2])
    lines = [
        f"- **Fréchet distance, not truncated**: {mean(on):.1f} with it, {relation(on, off)} {mean(off):.1f} without."
    ]
    lowest_threshold = truncation["threshold"].min()
    for name, label in SCORES.items():
        on, off = (values_of(truncation, name, network=network, threshold=lowest_threshold) for network in NETWORKS[:2])
        lines.append(
            f"- **{label.capitalize()} at the threshold {lowest_threshold:g}**: {mean(on):.2f} with it, "
            f"{relation(on, off)} {mean(off):.2f} without."
        )
    return "\n".join(lines)


# Figures -------------------------------------------------------------------------------------------------------------


def figures(tables: Mapping[str, DataFrame]) -> Figures:
    """Draw the figures."""
    shown = tables["pictures"]
    kinds = shown.assign(kind=shown["network"] + " " + shown["threshold"].map("{:g}".format))
    rows = {
        f"{network} {threshold:g}": f"{short}, {threshold:g}"
        for network, short in zip(NETWORKS[:2], ("BigGAN", "without"), strict=True)
        for threshold in sorted(shown["threshold"].unique())[::2]
    }
    return {"truncation": draw_truncation(tables["truncation"]), "samples": draw_rows(kinds, rows)}


def draw_truncation(scores: DataFrame) -> Figure:
    """Draw accuracy, precision and recall over the threshold."""
    figure = Figure(figsize=(10, 3.6), layout="constrained")
    for axes, (name, label) in zip(figure.subplots(1, len(SCORES)), SCORES.items(), strict=True):
        for network in NETWORKS:
            over = scores[scores["network"] == network].groupby("threshold")[name]
            style = {"marker": "o", "capsize": 3, "color": COLORS[network], "label": LABELS[network]}
            axes.errorbar(over.mean().index, over.mean(), over.std(), **style)
        axes.set(xscale="log", xlabel="threshold", ylabel=label, ylim=(0, 1.02))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=len(NETWORKS), frameon=False)
    return figure


CHAPTER = Chapter(blocks=blocks, figures=figures, measure=measure, collect=collect)
