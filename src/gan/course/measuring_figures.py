"""Figures of chapter 8."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.colors import SymLogNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from pandas import DataFrame

from gan.course.measuring_runs import EXTRACTORS
from gan.course.score_changes import EXTRACTOR_LABELS, SCORES, SEEN, changes, format_change
from gan.course.spoilt_sets import LADDER, load_digits, render
from gan.course.spoilt_sets import draw_sets as make_sets

__all__ = ["draw_changes", "draw_extractors", "draw_sets", "draw_sizes"]

SHOWN = 16  # images of a set
COMPARED = ("is", "fd", "kd", "precision", "recall", "density", "coverage", "nn_accuracy")
COLORS = {"held_out": "#1f6fb4", "noise": "#d9731a"}
MARKERS = {"held_out": "o", "noise": "s"}
LIMIT = 1000  # deviations at the ends of the colour scale


def draw_sets() -> Figure:
    """Draw images of each set that can be told apart by eye."""
    images, labels = load_digits()
    draw = make_sets(labels, 2000, 0)
    names = ("held_out", "blur", "noise", "dropped", "repeated")
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    panels = figure.subplots(len(names), SHOWN, gridspec_kw={"wspace": 0.05, "hspace": 0.05})
    for row, name in zip(panels, names, strict=True):
        spoilt = draw.sets[name]
        shown = render(images, spoilt.rendering)[spoilt.indices[:SHOWN]]
        for axes, image in zip(row, shown, strict=True):
            axes.imshow(image[0], cmap="gray", vmin=0, vmax=255)
            axes.set(xticks=[], yticks=[])
        label = LADDER[name].replace(", repeated", ",\nrepeated").replace("held-out ", "held-out\n")
        row[0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=9)
    return figure


def draw_changes(ladder: DataFrame) -> Figure:
    """Draw the change of each score for each set."""
    figure = Figure(figsize=(9, 4.4), layout="constrained")
    axes = figure.subplots()
    image = _heat_map(axes, changes(ladder, SCORES).drop("held_out"), tuple(SCORES))
    _color_bar(figure, [axes], image)
    return figure


def draw_extractors(extractors: DataFrame) -> Figure:
    """Draw the change of each score for each set, with each extractor."""
    figure = Figure(figsize=(9, 8.5), layout="constrained")
    panels = list(figure.subplots(len(EXTRACTORS), 1))
    for axes, extractor in zip(panels, EXTRACTORS, strict=True):
        part = extractors[extractors["extractor"] == extractor]
        names = tuple(name for name in COMPARED if part[name].notna().all())
        image = _heat_map(axes, changes(part, names).drop("held_out"), names)
        axes.set_title(EXTRACTOR_LABELS[extractor], fontsize=10)
    _color_bar(figure, panels, image)
    return figure


def _heat_map(axes: Axes, moved: DataFrame, names: Sequence[str]) -> AxesImage:
    scale = SymLogNorm(SEEN, vmin=-LIMIT, vmax=LIMIT, base=10)
    image = axes.imshow(moved.clip(-LIMIT, LIMIT).to_numpy(), cmap="RdBu_r", norm=scale, aspect="auto")
    for row in range(len(moved)):
        for column in range(len(names)):
            change = float(moved.iloc[row, column])
            shown = format_change(change).replace("over +", "> ").replace("below ", "< ")
            color = "white" if abs(change) > 60 else "black"
            axes.text(column, row, shown, ha="center", va="center", fontsize=8.5, color=color)
    labels = [SCORES[name][0].replace(" ", "\n") for name in names]
    axes.set_xticks(range(len(names)), labels, fontsize=8)
    axes.set_yticks(range(len(moved)), [LADDER[str(name)] for name in moved.index], fontsize=8.5)
    return image


def _color_bar(figure: Figure, panels: Sequence[Axes], image: AxesImage) -> None:
    bar = figure.colorbar(image, ax=panels, location="bottom", shrink=0.6, aspect=40)
    bar.set_ticks([-1000, -100, -10, 0, 10, 100, 1000])
    bar.set_ticklabels(["-1000", "-100", "-10", "0", "10", "100", "1000"])
    bar.set_label("better than held-out real images ← deviations over draws → worse", fontsize=9)


def draw_sizes(sizes: DataFrame) -> Figure:
    """Draw scores over the number of samples: means and standard deviations over draws."""
    figure = Figure(figsize=(9, 4.8), layout="constrained")
    for axes, name in zip(figure.subplots(2, 4).flat, ("fd", "kd", *COMPARED[:1], *COMPARED[3:]), strict=True):
        for of_set, color in COLORS.items():
            over = sizes[sizes["set"] == of_set].groupby("size")[name]
            axes.errorbar(
                over.mean().index,
                over.mean(),
                yerr=over.std(),
                color=color,
                marker=MARKERS[of_set],
                markersize=4,
                capsize=2,
                label=LADDER[of_set],
            )
        axes.set(xscale="log")
        axes.set_title(SCORES[name][0], fontsize=10)
        ticks = sorted(sizes["size"].unique())
        axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks], rotation=45, fontsize=8)
        axes.minorticks_off()
    figure.supxlabel("number of samples", fontsize=10)
    figure.axes[0].legend(fontsize=7)
    return figure
