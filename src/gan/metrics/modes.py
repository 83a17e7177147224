"""Mode coverage: how many of the data's modes a generator finds, how evenly, and how well (Lin et al., 2018)."""

from typing import ClassVar

import torch

from gan.metrics.measure import Measure
from gan.metrics.statistics import Need, Statistics

__all__ = ["Modes"]


class Modes(Measure):
    """Modes recovered, share of high-quality samples, and reverse KL, from the most likely mode of each sample.

    The reverse KL is that of the samples' modes from the real images' true ones, in nats (Srivastava et al., 2017,
    Section 4). Where the logits are log-densities of Gaussians, a sample is of high
    quality within some standard deviations of its mode, and a mode is recovered by samples of high quality alone;
    elsewhere every sample counts.

    Args:
        deviations: Largest distance from a mode's center, in standard deviations, of a sample of high quality; None
            where modes have no such distance.

    Raises:
        ValueError: If it is not positive.
    """

    higher_is_better: ClassVar[dict[str, bool]] = {"modes": True, "high_quality": True, "reverse_kl": False}
    needs: ClassVar[frozenset[Need]] = frozenset({"modes"})
    needs_of_real: ClassVar[frozenset[Need]] = frozenset({"labels"})
    named_after_features: ClassVar[bool] = False

    def __init__(self, deviations: float | None = None) -> None:
        if deviations is not None and deviations <= 0:
            raise ValueError(f"deviations must be positive, not {deviations}")
        self.deviations = deviations

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        assert real.labels is not None
        assert fake.classes is not None
        assert fake.peaks is not None
        high_quality = torch.ones_like(fake.classes, dtype=torch.bool)
        if self.deviations is not None:
            high_quality = fake.peaks >= -(self.deviations**2) / 2  # a Gaussian's log-density, up to its constant
        found = fake.classes[high_quality].unique().numel()
        number = 1 + max(int(real.labels.max()), int(fake.classes.max()))
        p = torch.bincount(fake.classes, minlength=number).double() / fake.count
        q = torch.bincount(real.labels, minlength=number).double() / real.count
        scores = {"modes": float(found)}
        if self.deviations is not None:
            scores["high_quality"] = float(high_quality.double().mean())
        return scores | {"reverse_kl": float((torch.xlogy(p, p) - torch.xlogy(p, q)).sum())}
