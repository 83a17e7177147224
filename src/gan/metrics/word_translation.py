"""Measures of a map between word vectors: a criterion without labels, and precision by a dictionary."""

from typing import ClassVar

import torch
from torch import Tensor

from gan.bounds import Count, NonNegativeInt, PositiveInt, SampleCount
from gan.data.module import DataModule
from gan.data.vectors import WordVectorModule, as_word_vectors
from gan.distributed.group import rank_and_world
from gan.errors import UserError
from gan.metrics.measure import Measure
from gan.metrics.sampled import SampleSource
from gan.metrics.statistics import GeneratorStatistic, Need, Statistics
from gan.models.muse import linear_map_of
from gan.nn.csls import NEIGHBORS, csls_neighbors, mean_csls_cosine
from gan.nn.procrustes import refine

__all__ = ["CSLSCosine", "MapMeasure", "WordTranslation", "precisions"]


class MapMeasure(Measure):
    """Measure of a linear map itself, computed on rank 0.

    A subclass defines ``scores_of``.
    """

    needs_of_real: ClassVar[frozenset[Need]] = frozenset()
    named_after_features: ClassVar[bool] = False

    def scores_of(self, data: WordVectorModule, weight: Tensor) -> list[float]:
        """Return the scores of a map, with shape (D, D), in the order of ``higher_is_better``."""
        raise NotImplementedError

    @property
    def name(self) -> str:
        """Name of the measure, which is that of its file in ``conf/metric``."""
        raise NotImplementedError

    @property
    def needs(self) -> frozenset[Need]:
        """The scores, of the generator itself."""
        return frozenset({GeneratorStatistic(self.name, self._row)})

    def for_data(self, data: DataModule) -> Measure:
        as_word_vectors(data, f"metric={self.name}")
        return self

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        return dict(zip(self.higher_is_better, fake.tensors[self.name][0].tolist(), strict=True))

    @torch.no_grad()
    def _row(self, source: SampleSource) -> Tensor:
        """Return a row of scores on rank 0, and none on other ranks."""
        size = len(self.higher_is_better)
        if rank_and_world()[0] > 0:
            return torch.empty(0, size, dtype=torch.float64)
        data, weight = as_word_vectors(source.data, f"metric={self.name}"), linear_map_of(source.model, source.use_ema)
        return torch.tensor([self.scores_of(data, weight)], dtype=torch.float64)


class CSLSCosine(MapMeasure):
    """Mean cosine of the commonest mapped words with their translations by CSLS (Conneau et al., 2018, Section 3).

    It needs no labels, and goes up and down with precision, so that checkpoints and seeds are chosen by it.

    Args:
        words: Number of commonest source words.
        neighbors: Vectors that the means of CSLS are over.
    """

    higher_is_better: ClassVar[dict[str, bool]] = {"csls": True}
    name: ClassVar[str] = "csls"

    def __init__(self, words: Count = 10_000, neighbors: PositiveInt = NEIGHBORS) -> None:
        self.words, self.neighbors = words, neighbors

    def scores_of(self, data: WordVectorModule, weight: Tensor) -> list[float]:
        mapped = data.source.vectors @ weight.T
        return [mean_csls_cosine(mapped[: self.words], data.target.vectors, self.neighbors, everything=mapped)]


class WordTranslation(MapMeasure):
    """Precision at 1, 5 and 10: shares of the dictionary's words that have a right translation among the nearest ones.

    ``refined_p1`` is that at 1 after refinement by Procrustes, which changes nothing in training.

    Args:
        refinements: Number of refinements; 0 for no refined score.
        words: Number of commonest words that refinement uses.
        neighbors: Vectors that the means of CSLS are over.
    """

    name: ClassVar[str] = "word_translation"

    def __init__(
        self, refinements: NonNegativeInt = 5, words: SampleCount = 2000, neighbors: PositiveInt = NEIGHBORS
    ) -> None:
        self.refinements, self.words, self.neighbors = refinements, words, neighbors

    @property
    def higher_is_better(self) -> dict[str, bool]:
        refined = {"refined_p1": True} if self.refinements else {}
        return {"p1": True, "p5": True, "p10": True, **refined}

    def for_data(self, data: DataModule) -> Measure:
        if as_word_vectors(data, f"metric={self.name}").dictionary is None:
            raise UserError(
                "metric=word_translation needs a dictionary: set data.dictionary_path, or train without one by "
                "metric=[csls]"
            )
        return self

    def scores_of(self, data: WordVectorModule, weight: Tensor) -> list[float]:
        scores = list(precisions(data, weight, self.neighbors).values())
        if self.refinements:
            refined, _ = refine(weight, data.source.vectors, data.target.vectors, self.refinements, self.words)
            scores.append(precisions(data, refined, self.neighbors)["p1"])
        return scores


def precisions(
    data: WordVectorModule, weight: Tensor, neighbors: int = NEIGHBORS, scored: list[int] | None = None
) -> dict[str, float]:
    """Return the precision of a map at 1, 5 and 10 by CSLS.

    Args:
        data: Word vectors, with a dictionary.
        weight: The map, with shape (D, D).
        neighbors: Vectors that the means of CSLS are over.
        scored: Indices of the source words to score; None for all of the dictionary.
    """
    dictionary, mapped, target = data.dictionary, data.source.vectors @ weight.T, data.target.vectors
    assert dictionary is not None
    words = sorted(dictionary) if scored is None else scored
    most = min(10, len(target))
    found = csls_neighbors(mapped[words], target, most, neighbors, everything=mapped).indices.tolist()
    places = [
        next((place for place, index in enumerate(row) if index in dictionary[word]), most)
        for word, row in zip(words, found, strict=True)
    ]
    return {f"p{k}": sum(place < k for place in places) / len(words) for k in (1, 5, 10)}
