"""Changes of scores relative to held-out real images, in units of the deviation over draws."""

from collections.abc import Iterable

from pandas import DataFrame

from gan.course.spoilt_sets import LADDER

__all__ = ["EXTRACTOR_LABELS", "SCORES", "SEEN", "changes", "format_change"]

SCORES = {
    "is": ("Inception Score", -1, 2),
    "fd": ("Fréchet", 1, 2),
    "kd": ("kernel", 1, 3),
    "precision": ("precision", -1, 3),
    "recall": ("recall", -1, 3),
    "density": ("density", -1, 3),
    "coverage": ("coverage", -1, 3),
    "nn_accuracy": ("1-NN accuracy", 1, 3),
    "cosine": ("memorisation", -1, 4),
    "mifd": ("MiFD", 1, 0),
    "cas": ("CAS", -1, 3),
}
"""Label, sign of a change for the worse, and decimals of each score."""

EXTRACTOR_LABELS = {"classifier": "digit classifier", "pixels": "pixels", "efficientnet_lite0": "EfficientNet-Lite0"}
SEEN = 3.0  # deviations from which on a score sees a fault


def changes(ladder: DataFrame, scores: Iterable[str]) -> DataFrame:
    """Return the mean change of each score from held-out images, positive for the worse, with a row per set.

    It is divided by the score's standard deviation over draws of held-out images.
    """
    names = list(scores)
    held_out = ladder[ladder["set"] == "held_out"][names]
    means = ladder.groupby("set")[names].mean()
    signs = [SCORES[name][1] for name in names]
    moved = (means - held_out.mean()).div(held_out.std()).fillna(0) * signs
    return moved.loc[[name for name in LADDER if name in moved.index]]


def format_change(change: float) -> str:
    """Format a change in deviations, such as +12."""
    if abs(change) >= 1000:
        return "over +999" if change > 0 else "below -999"
    return f"{change:+.0f}" if abs(change) >= 0.5 else "0"
