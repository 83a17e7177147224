"""Quality against variety of text: scores over the temperature of sampling, of several runs (Caccia et al., 2020)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from gan.checkpoint.texts import sequences_of, text_batches
from gan.checkpoint.trained import TrainedGenerator, load
from gan.data.oracle import Oracle
from gan.errors import UserError
from gan.features.none import NoFeatures
from gan.features.oracle import OracleLikelihood
from gan.metrics.bleu import BLEU, SelfBLEU
from gan.metrics.evaluator import Evaluator
from gan.metrics.likelihood import HeldOutNLL, OracleNLL
from gan.metrics.measure import Measure
from gan.metrics.sampled import SampleSource
from gan.nn.token_lstm import at_temperature
from gan.runs.writing import atomic_path

__all__ = ["temperature"]

ORDER = 4  # longest n-grams of BLEU


def temperature(
    generator: TrainedGenerator, others: Sequence[str], temperatures: Sequence[float], num: int, seed: int, out: Path
) -> None:
    """Draw quality against variety at several temperatures, one line per run, and print the scores.

    For an oracle's data these are the negative log-likelihoods of samples under the oracle and of held-out sequences
    under the generator at the same temperature; for text, BLEU and self-BLEU.

    Args:
        generator: The trained model.
        others: Further checkpoints or runs' folders, of the same data.
        temperatures: Temperatures to sample with.
        num: Number of samples at each.
        seed: Seed of the samples.
        out: PNG file to write.

    Raises:
        UserError: If a generator makes no sequences, or a temperature is not above 0.
    """
    if len(set(temperatures)) < 2:
        raise UserError("--temperatures takes two or more different numbers")
    lines = {}
    for run in [generator, *(load(path, trust=generator.trust) for path in others)]:
        lines[str(run.path)] = scores = [_scores(run, value, num, seed) for value in sorted(temperatures)]
        for value, named in zip(sorted(temperatures), scores, strict=True):
            shown = "  ".join(f"{name} {score:.4f}" for name, score in named.items())
            print(f"{run.path}  temperature {value:<5g}  {shown}")
    _draw(lines, sorted(temperatures), out)
    print(f"Wrote {out}")


def _scores(run: TrainedGenerator, value: float, num: int, seed: int) -> dict[str, float]:
    """Return a run's scores at a temperature, by name: quality, then variety."""
    data = sequences_of(run)
    of_oracle = isinstance(data, Oracle)
    text: dict[str, Measure] = {"bleu": BLEU([ORDER]), "self_bleu": SelfBLEU([ORDER])}
    oracle: dict[str, Measure] = {"oracle_nll": OracleNLL()}
    measures = (oracle if of_oracle else text) | {"heldout_nll": HeldOutNLL()}
    evaluator = Evaluator(OracleLikelihood if of_oracle else NoFeatures, measures, num_samples=num)
    prepared = evaluator.prepare(data, run.device)
    samples = map(data.discretize_samples, text_batches(run, range(num), seed, value))
    with run.model.inference_network(run.use_ema) as network, at_temperature(network, value):
        return prepared(samples, SampleSource(run.model, run.use_ema, seed))


def _draw(lines: Mapping[str, Sequence[Mapping[str, float]]], temperatures: Sequence[float], out: Path) -> None:
    """Draw the first two scores of each run against each other."""
    from matplotlib.figure import Figure  # slow to import

    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    axes = figure.subplots()
    for run, scores in lines.items():
        (quality, x), (variety, y) = ((name, [row[name] for row in scores]) for name in list(scores[0])[:2])
        axes.plot(x, y, marker="o", label=run)
        for value, *point in zip(temperatures, x, y, strict=True):
            axes.annotate(f"{value:g}", (point[0], point[1]), textcoords="offset points", xytext=(4, 4), fontsize=7)
        axes.set(xlabel=quality, ylabel=variety)
    figure.legend(loc="outside upper center", frameon=False, fontsize=8)
    with atomic_path(out) as path:
        figure.savefig(path, format="png", dpi=110)
