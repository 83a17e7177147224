"""Quality against variety: precision and recall of truncated samples (Brock et al., 2019, Section 3.1)."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError
from gan.metrics.evaluator import Evaluator
from gan.metrics.frechet import Frechet
from gan.metrics.measure import Measure
from gan.metrics.prdc import PRDC
from gan.runs.writing import atomic_path

__all__ = ["truncation", "truncation_scores"]

NAMES = {"precision": "#1f6fb4", "recall": "#d9731a", "fd": "#777777"}  # scores, and their colours


def truncation(generator: TrainedGenerator, thresholds: Sequence[float], num: int, seed: int, out: Path) -> None:
    """Draw precision, recall and Fréchet distance over the threshold of truncation, and print them.

    The threshold is that of ``gan.sample --truncation``: a bound of each entry of z, or ψ of a StyleGAN2.

    Args:
        generator: The trained model.
        thresholds: Thresholds to sample with.
        num: Number of samples at each.
        seed: Seed of the samples.
        out: PNG file to write.

    Raises:
        UserError: If the generator has no latent vector, or a threshold is not above 0.
    """
    generator.check_latent()
    if len(set(thresholds)) < 2:
        raise UserError("--thresholds takes two or more different numbers")
    rows = []
    for row in truncation_scores(generator, thresholds, num, seed):
        rows.append([row["threshold"], *(row[name] for name in NAMES)])
        print("  ".join([f"threshold {row['threshold']:<6g}", *(f"{name} {row[name]:.3f}" for name in NAMES)]))
    _draw(rows, out)
    print(f"Wrote {out}")


def truncation_scores(
    generator: TrainedGenerator,
    thresholds: Sequence[float],
    num: int,
    seed: int = 0,
    measures: Mapping[str, Measure] | None = None,
) -> Iterator[dict[str, float]]:
    """Yield the scores of truncated samples, by name without the features' name, with their ``threshold``.

    Args:
        generator: The trained model.
        thresholds: Thresholds to sample with, of which the lowest comes first.
        num: Number of samples at each.
        seed: Seed of the samples.
        measures: Measures besides precision, recall and the Fréchet distance.
    """
    everything = {"prdc": PRDC(), "frechet": Frechet(), **(measures or {})}
    evaluator = Evaluator(lambda _: generator.feature_extractor(), everything, num_samples=num)
    prepared = evaluator.prepare(generator.data, generator.device)
    for threshold in sorted(thresholds):
        samples = generator.batches(range(num), seed=seed, truncation=threshold)
        scores = prepared(map(generator.data.discretize_samples, samples))
        yield {"threshold": threshold, **{name.split("_")[0]: value for name, value in scores.items()}}


def _draw(rows: Sequence[Sequence[float]], out: Path) -> None:
    """Draw precision and recall on one axis, and the Fréchet distance on another."""
    from matplotlib.figure import Figure  # slow to import

    figure = Figure(figsize=(6.4, 4), layout="constrained")
    shares = figure.subplots()
    distances = shares.twinx()
    thresholds, *scores = zip(*rows, strict=True)
    for values, (name, color) in zip(scores, NAMES.items(), strict=True):
        axes = distances if name == "fd" else shares
        axes.plot(thresholds, values, marker="o", color=color, linestyle=":" if name == "fd" else "-", label=name)
    shares.set(xlabel="threshold of truncation", ylabel="precision, recall", ylim=(0, 1))
    distances.set(ylabel="Fréchet distance", ylim=(0, None))
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    with atomic_path(out) as path:
        figure.savefig(path, format="png", dpi=110)
