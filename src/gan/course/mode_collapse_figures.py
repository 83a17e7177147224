"""Figures of chapter 6: paths in a small game, scores of cures, and samples over the modes."""

from collections.abc import Sequence
from statistics import mean, stdev

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pandas import DataFrame

from gan.course import orders

__all__ = [
    "CURES",
    "DATA",
    "MODES",
    "SCORES",
    "draw_orders",
    "draw_samples",
    "draw_scores",
    "grid_centers",
    "ring_centers",
]

CURES = {
    "plain": "plain",
    "rates": "other rate of G",
    "unrolled": "looking ahead",
    "generators": "several generators",
    "packing": "packing",
    "minibatch": "minibatch discrimination",
    "mode_seeking": "mode seeking",
    "penalties": "gradient penalties",
    "relativistic": "relativistic pairing",
    "r3gan": "relativistic pairing and penalties",
}
DATA = {"ring8": "ring of 8", "grid25": "grid of 25", "stacked_mnist": "stacked digits"}
MODES = {"ring8": 8, "grid25": 25, "stacked_mnist": 1000}
SCORES = {"modes": "modes", "high_quality": "high quality", "reverse_kl": "reverse KL"}
COLORS = dict(
    zip(
        CURES,
        (
            "#777777",
            "#4d4d4d",
            "#1f6fb4",
            "#2b8a3e",
            "#d9731a",
            "#8a3ea8",
            "#b8860b",
            "#c2255c",
            "#0b7285",
            "#5c3d2e",
        ),
        strict=True,
    )
)
CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 3**0.5 / 2]])  # of the simplex, drawn as a triangle


def draw_orders(paths: DataFrame) -> Figure:
    """Draw the paths of G in the triangle of distributions over three points."""
    figure = Figure(figsize=(9, 2.9), layout="constrained")
    data = orders.DATA.numpy() @ CORNERS
    names = list(orders.PLAYS)
    for axes, name in zip(figure.subplots(1, len(names)), names, strict=True):
        path = paths[paths["play"] == name][["first", "second", "third"]].to_numpy() @ CORNERS
        axes.fill(*CORNERS.T, facecolor="#f3f3f3", edgecolor="black", linewidth=0.8)
        axes.plot(*path.T, color="#1f6fb4", linewidth=0.8, alpha=0.7)
        axes.scatter(*path.T, s=9, c=np.linspace(0.2, 1, len(path)), cmap="Blues", vmin=0, vmax=1, zorder=3)
        axes.scatter(*path[0], s=28, color="black", marker="s", zorder=4, label="start")
        axes.scatter(*data, s=80, color="#d9731a", marker="*", zorder=5, label="data")
        for corner, label, side in zip(
            CORNERS, ("point 1", "point 2", "point 3"), ("top", "top", "bottom"), strict=True
        ):
            below = side == "top"
            axes.annotate(
                label, corner, (0, -4 if below else 4), textcoords="offset points", ha="center", va=side, fontsize=8
            )
        axes.set(aspect="equal", xlim=(-0.15, 1.15), ylim=(-0.15, 1.02))
        axes.set_title(name.replace(", ", ",\n"), fontsize=10)
        axes.axis("off")
    figure.axes[0].legend(fontsize=8, loc="upper left", frameon=False)
    return figure


def draw_scores(last: DataFrame) -> Figure:
    """Draw the scores of each cure: each seed, and means with standard deviations."""
    known = [data for data in DATA if data in set(last["data"])]
    shown = {data: [cure for cure in CURES if cure in set(last[last["data"] == data]["cure"])] for data in known}
    ratios = [len(cures) for cures in shown.values()]
    figure = Figure(figsize=(9, 1.2 + 0.27 * sum(ratios)), layout="constrained")
    panels = figure.subplots(len(known), len(SCORES), height_ratios=ratios, squeeze=False)
    for row, data in zip(panels, known, strict=True):
        of_data = last[last["data"] == data]
        for axes, (name, label) in zip(row, SCORES.items(), strict=True):
            if of_data[name].isna().any():
                axes.axis("off")
                continue
            _draw_cures(axes, of_data, name, shown[data])
            axes.set_xlabel(f"{label} of {MODES[data]:,}" if name == "modes" else label)
            axes.tick_params(labelleft=axes is row[0])
        row[0].set_title(DATA[data], fontsize=10, loc="left")
    return figure


def _draw_cures(axes: Axes, of_data: DataFrame, name: str, cures: Sequence[str]) -> None:
    for place, cure in enumerate(cures):
        values = list(of_data[of_data["cure"] == cure][name])
        axes.plot(values, [place] * len(values), ".", color=COLORS[cure], alpha=0.45)
        axes.errorbar(mean(values), place, xerr=stdev(values), color=COLORS[cure], marker="o", markersize=5, capsize=3)
    plain = mean(of_data[of_data["cure"] == "plain"][name])
    axes.axvline(plain, color=COLORS["plain"], linestyle=":", linewidth=1)
    axes.set_yticks(range(len(cures)), [CURES[cure] for cure in cures], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(left=min(0, axes.get_xlim()[0]))


def draw_samples(points: DataFrame, data: str) -> Figure:
    """Draw samples of the last generator with each cure, over the centres of the modes."""
    of_data = points[points["data"] == data]
    limit, centers = {"ring8": (1.35, ring_centers()), "grid25": (5.2, grid_centers())}[data]
    shown = [cure for cure in CURES if cure in set(of_data["cure"])]
    rows = 1 if len(shown) <= 5 else 2
    figure = Figure(figsize=(9, 2.1 * rows), layout="constrained")
    panels = list(figure.subplots(rows, -(-len(shown) // rows), squeeze=False).flat)
    for axes in panels[len(shown) :]:
        axes.axis("off")
    for axes, cure in zip(panels, shown, strict=False):
        part = of_data[of_data["cure"] == cure]
        axes.plot(*centers.T, "o", color="#cccccc", markersize=7, zorder=1)
        axes.plot(part["x"], part["y"], ".", color=COLORS[cure], markersize=3, alpha=0.7, zorder=2)
        axes.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal", xticks=[], yticks=[])
        axes.set_title(CURES[cure].replace(" and ", "\nand ").replace("minibatch ", "minibatch\n"), fontsize=8)
    return figure


def ring_centers() -> np.ndarray:
    """Return the centres of the ring, with shape (8, 2)."""
    angles = 2 * np.pi * np.arange(8) / 8
    return np.stack([np.cos(angles), np.sin(angles)], 1)


def grid_centers() -> np.ndarray:
    """Return the centres of the grid, with shape (25, 2)."""
    axis = 2.0 * np.arange(-2, 3)
    return np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
