"""The charts of one run: its scores and its game, from metrics.csv."""

import csv
import math
from pathlib import Path
from typing import NamedTuple

from gan.report.charts import Chart, Level, Line, chart

__all__ = ["Series", "curves", "read_metrics"]

OF_GAMES = ("accuracy_real", "accuracy_fake", "class_accuracy", "gradient_norm", "js", "value", "wasserstein")
OF_AUTOENCODERS = ("codes_used", "elbo", "perplexity")
COLORS = {"d": (0, 5, 3, 6), "g": (1, 4, 7, 8)}  # of the terms of losses
EQUILIBRIUM = Level("equilibrium, -log 4", -math.log(4))  # Goodfellow et al. (2014), Theorem 1
GUESSING = Level("guessing", 0.5)


class Series(NamedTuple):
    """A column of metrics.csv: generator updates, and its values there."""

    x: list[float]
    y: list[float]


def read_metrics(folder: Path) -> dict[str, Series]:
    """Read a run's metrics.csv by column, as far as it can be read."""
    found: dict[str, Series] = {}
    try:
        with (folder / "metrics.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                step = float(row.pop("step"))
                for name, value in row.items():
                    if value:
                        series = found.setdefault(name, Series([], []))
                        series.y.append(float(value))
                        series.x.append(step)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, csv.Error):
        pass  # a run that was killed may leave half a line
    return {name: Series(series.x[: len(series.y)], series.y) for name, series in found.items()}


def curves(
    metrics: dict[str, Series], main: str | None, higher_is_better: dict[str, bool], baselines: dict[str, float]
) -> list[Chart]:
    """Draw what a run's metrics.csv has, the score first.

    Args:
        metrics: By column.
        main: The score that ``best.ckpt`` is chosen by.
        higher_is_better: By the name of the score, as far as it is known.
        baselines: The main score of held-out real images and of noise.
    """
    scores = [name[4:] for name in metrics if name.startswith("val/") and name != "val/training_seconds"]
    found = []
    for name in sorted(scores, key=lambda name: name != main):
        higher = higher_is_better.get(name)
        note = "" if higher is None else f"{'higher' if higher else 'lower'} is better"
        levels = [Level("held-out real images", baselines["held_out"])] if name == main and baselines else []
        line = Line(name, *metrics[f"val/{name}"], color=2, dots=True)
        found.append(chart(name, [line], levels, note, may_be_log=not higher))

    def game(title: str, terms: dict[str, tuple[str, int]], levels: tuple[Level, ...] = ()) -> None:
        kept = {term: look for term, look in terms.items() if f"train/{term}" in metrics}
        lines = [Line(label, *metrics[f"train/{term}"], color=color) for term, (label, color) in kept.items()]
        found.append(chart(title, lines, levels))

    game("Losses", _losses(metrics))
    game("D's accuracy", {"d/accuracy_real": ("on real", 2), "d/accuracy_fake": ("on fake", 3)}, (GUESSING,))
    game("D's class accuracy", {"d/class_accuracy": ("on real", 2)})
    game("V(D, G)", {"d/value": ("V(D, G)", 0)}, (EQUILIBRIUM,))
    game("Wasserstein estimate", {"d/wasserstein": ("D(real) - D(fake)", 0)})
    game("ELBO, nats an image", {"g/elbo": ("ELBO", 1)})
    game("Codebook", {"g/perplexity": ("perplexity", 1)})
    game("Share of codes in use", {"g/codes_used": ("in a batch", 4)})
    game("Gradient norms", {"d/gradient_norm": ("D", 0), "g/gradient_norm": ("G", 1)})
    if (speed := metrics.get("train/images_per_second")) is not None:
        line = Line("images/s", *speed, color=5)
        found.append(chart("Throughput", [line], note="in training alone", from_zero=True))
    return [drawn for drawn in found if drawn is not None]


def _losses(metrics: dict[str, Series]) -> dict[str, tuple[str, int]]:
    """Name each term of the players' losses, and give it a colour: D's own, G's own."""
    found, colors = {}, {"d": iter(COLORS["d"]), "g": iter(COLORS["g"])}
    for name in metrics:
        _, _, term = name.partition("train/")
        if term.startswith(("d/", "g/")) and term[2:] not in (*OF_GAMES, *OF_AUTOENCODERS):
            found[term] = f"{term[0].upper()} {term[2:].replace('_', ' ')}", next(colors[term[0]], 9)
    return found
