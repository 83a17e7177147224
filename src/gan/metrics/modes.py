"""Mode coverage: how many modes of the data a generator recovers, how evenly, and how accurately (Lin et al., 2018)."""

from typing import ClassVar

import torch

from gan.bounds import Positive
from gan.metrics.measure import Measure
from gan.metrics.statistics import Need, Statistics

__all__ = ["Modes"]


class Modes(Measure):
    """Modes recovered, share of high-quality samples, and reverse KL, from the most likely mode of each sample.

    The reverse KL compares the distribution of the samples' modes with that of the real images' true modes, in nats
    (Srivastava et al., 2017, Section 4). If the logits are log-densities of Gaussians, a sample within ``deviations``
    standard deviations of its mode is of high quality, and only such samples recover a mode. Otherwise every sample
    does.

    Args:
        deviations: Largest distance of a high-quality sample from its mode, in standard deviations; None if the logits
            are not log-densities.
    """

    higher_is_better: ClassVar[dict[str, bool]] = {"modes": True, "high_quality": True, "reverse_kl": False}
    needs: ClassVar[frozenset[Need]] = frozenset({"modes"})
    needs_of_real: ClassVar[frozenset[Need]] = frozenset({"labels"})
    named_after_features: ClassVar[bool] = False

    def __init__(self, deviations: Positive | None = None) -> None:
        self.deviations = deviations

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        high_quality = torch.ones_like(fake.predictions, dtype=torch.bool)
        if self.deviations is not None:
            high_quality = fake.top_logits >= -(self.deviations**2) / 2  # log-density of a Gaussian, up to a constant
        recovered = fake.predictions[high_quality].unique().numel()
        num_modes = 1 + max(int(real.labels.max()), int(fake.predictions.max()))
        p = torch.bincount(fake.predictions, minlength=num_modes).double() / fake.count
        q = torch.bincount(real.labels, minlength=num_modes).double() / real.count
        scores = {"modes": float(recovered)}
        if self.deviations is not None:
            scores["high_quality"] = float(high_quality.double().mean())
        return scores | {"reverse_kl": float((torch.xlogy(p, p) - torch.xlogy(p, q)).sum())}
