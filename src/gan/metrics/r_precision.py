"""R-precision: whether an image is closest to its own sentence among others (Xu et al., 2018)."""

from typing import ClassVar

import torch

from gan.bounds import AtLeastTwo
from gan.metrics.measure import Measure
from gan.metrics.statistics import Need, Statistics

__all__ = ["RPrecision"]


class RPrecision(Measure):
    """Share of samples whose own sentence matches best, among it and 99 other sentences of the held-out rows.

    The matcher is trained on the data's own images, apart from the generator. Chance is one in the number of
    candidates; data with fewer sentences have fewer.

    Args:
        candidates: Number of sentences that an image is compared with, its own included.
    """

    higher_is_better: ClassVar[dict[str, bool]] = {"r_precision": True}
    needs: ClassVar[frozenset[Need]] = frozenset({"vectors", "sentences", "condition"})
    needs_of_real: ClassVar[frozenset[Need]] = frozenset()
    named_after_features: ClassVar[bool] = False
    features: ClassVar[str | None] = "captions"

    def __init__(self, candidates: AtLeastTwo = 100) -> None:
        self.candidates = candidates

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        tokens, vectors, sentences = (fake.tensors[name] for name in ("condition", "vectors", "sentences"))
        distinct, own = tokens.unique(dim=0, return_inverse=True)
        first = torch.stack([(own == index).nonzero()[0, 0] for index in range(len(distinct))])
        similarity = vectors @ sentences[first].T  # (N, distinct)
        order = torch.rand(similarity.shape, generator=torch.Generator().manual_seed(0))
        order = order.scatter(1, own[:, None], -1.0)  # its own sentence comes first, then others at random
        chosen = order.argsort(1)[:, : self.candidates]
        best = similarity.gather(1, chosen).argmax(1)
        return {"r_precision": float((best == 0).double().mean())}
