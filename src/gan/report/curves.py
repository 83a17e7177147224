"""Charts of one run: its scores, losses and throughput."""

import math
from collections.abc import Mapping

from gan.report.charts import Chart, Level, Line, chart
from gan.runs.metrics_file import Series

__all__ = ["curves"]

GAN_TERMS = ("accuracy_real", "accuracy_fake", "class_accuracy", "gradient_norm", "js", "value", "wasserstein")
AUTOENCODER_TERMS = ("codes_used", "elbo", "perplexity")
LOSS_COLORS = {"d": (0, 5, 3, 6), "g": (1, 4, 7, 8)}
EQUILIBRIUM = Level("equilibrium, -log 4", -math.log(4))  # Goodfellow et al. (2014), Theorem 1
CHANCE = Level("chance", 0.5)


def curves(
    series: Mapping[str, Series],
    main_score: str | None,
    higher_is_better: Mapping[str, bool],
    baselines: Mapping[str, Mapping[str, float]],
    throughput_unit: str = "images/s",
) -> list[Chart]:
    """Lay out the charts of everything that a run logged, its main score first.

    Args:
        series: Columns of metrics.csv.
        main_score: Score that selects ``best.ckpt``.
        higher_is_better: Whether higher is better by score, as far as it is known.
        baselines: By score, those to draw, by name.
        throughput_unit: Unit of the throughput.
    """
    scores = [name.removeprefix("val/") for name in series if name.startswith("val/")]
    scores = [name for name in scores if name != "training_seconds"]
    charts = []
    for name in sorted(scores, key=lambda name: name != main_score):
        higher = higher_is_better.get(name)
        note = "" if higher is None else f"{'higher' if higher else 'lower'} is better"
        levels = [Level(label, y) for label, y in baselines.get(name, {}).items() if label != "noise"]
        line = Line(name, *series[f"val/{name}"], color=2, dots=True)
        charts.append(chart(name, [line], levels, note, may_be_log=not higher))

    def add(title: str, terms: Mapping[str, tuple[str, int]], levels: tuple[Level, ...] = ()) -> None:
        lines = [
            Line(label, *series[f"train/{term}"], color=color)
            for term, (label, color) in terms.items()
            if f"train/{term}" in series
        ]
        charts.append(chart(title, lines, levels))

    add("Losses", _loss_terms(series))
    add("D's accuracy", {"d/accuracy_real": ("on real", 2), "d/accuracy_fake": ("on fake", 3)}, (CHANCE,))
    add("D's class accuracy", {"d/class_accuracy": ("on real", 2)})
    add("V(D, G)", {"d/value": ("V(D, G)", 0)}, (EQUILIBRIUM,))
    add("Wasserstein estimate", {"d/wasserstein": ("D(real) - D(fake)", 0)})
    add("ELBO, nats per image", {"g/elbo": ("ELBO", 1)})
    add("Codebook", {"g/perplexity": ("perplexity", 1)})
    add("Fraction of codes in use", {"g/codes_used": ("per batch", 4)})
    add("Gradient norms", {"d/gradient_norm": ("D", 0), "g/gradient_norm": ("G", 1)})
    if (throughput := series.get("train/images_per_second")) is not None:
        line = Line(throughput_unit, *throughput, color=5)
        charts.append(chart("Throughput", [line], note="training alone", from_zero=True))
    return [laid_out for laid_out in charts if laid_out is not None]


def _loss_terms(series: Mapping[str, Series]) -> dict[str, tuple[str, int]]:
    """Return a label and a colour for each term of the losses of D and G."""
    terms, colors = {}, {player: iter(colors) for player, colors in LOSS_COLORS.items()}
    for name in series:
        _, _, term = name.partition("train/")
        player, _, loss = term.partition("/")
        if player in colors and loss not in (*GAN_TERMS, *AUTOENCODER_TERMS):
            terms[term] = f"{player.upper()} {loss.replace('_', ' ')}", next(colors[player], 9)
    return terms
