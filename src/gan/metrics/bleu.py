"""BLEU of samples against held-out sentences (Papineni et al., 2002), and against each other (Zhu et al., 2018).

A score is the mean over samples of BLEU with all other sentences as references; its number n is the longest n-gram.
An n-gram that no reference has counts as 0.1 occurrences, as in method 1 of Chen and Cherry (2014). An unknown token of
a sample equals none of a held-out sentence, as the words that they replace may differ; those of two samples are equal,
so that a generator of unknown tokens has little variety.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from copy import copy
from math import exp, log
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Le
from torch import Tensor

from gan.bounds import Count
from gan.data.module import DataModule, Split
from gan.data.order import evenly_spaced
from gan.data.sequences import SequenceDataModule
from gan.metrics.measure import Measure
from gan.metrics.statistics import Need, Statistics

__all__ = ["BLEU", "References", "SelfBLEU", "sentences"]

EPSILON = 0.1
UNEQUAL = -1  # token of no reference
Sentence = tuple[int, ...]
Order = Annotated[int, Ge(1), Le(9)]


class References:
    """Sentences that others are compared with: how often each n-gram occurs in one of them, and their lengths.

    Args:
        sentences: The references.
        order: Length of the longest n-grams.
    """

    def __init__(self, sentences: Sequence[Sentence], order: int) -> None:
        self.order = order
        self.most: dict[Sentence, tuple[int, int]] = {}  # largest counts in two different references
        for sentence in sentences:
            for gram, count in _ngrams(sentence, order).items():
                first, second = self.most.get(gram, (0, 0))
                self.most[gram] = (count, first) if count > first else (first, max(second, count))
        self.lengths = Counter(map(len, sentences))
        self.sorted_lengths = sorted(self.lengths)

    def bleu(self, sentence: Sentence, is_reference: bool = False) -> list[float]:
        """Return BLEU-1, BLEU-2, ... of a sentence.

        Args:
            sentence: The sentence.
            is_reference: Whether it is one of the references, and compared with the others alone.
        """
        if not sentence:
            return [0.0] * self.order
        matched, total = [0] * self.order, [0] * self.order
        for gram, count in _ngrams(sentence, self.order).items():
            first, second = self.most.get(gram, (0, 0))
            matched[len(gram) - 1] += min(count, second if is_reference and count == first else first)
            total[len(gram) - 1] += count
        penalty = min(1.0, exp(1 - self._closest_length(len(sentence), is_reference) / len(sentence)))
        scores, logs = list[float](), 0.0
        for order, (hits, all_grams) in enumerate(zip(matched, total, strict=True), 1):
            logs += log((hits or EPSILON) / max(1, all_grams))
            scores.append(penalty * exp(logs / order) if matched[0] else 0.0)
        return scores

    def _closest_length(self, length: int, is_reference: bool) -> int:
        """Return the reference length closest to a sentence's, the shorter of two."""
        if self.lengths[length] > is_reference:
            return length
        place = bisect_left(self.sorted_lengths, length)
        after = place + (self.lengths[length] > 0)
        candidates = self.sorted_lengths[max(0, place - 1) : place] + self.sorted_lengths[after : after + 1]
        return min(candidates, key=lambda other: (abs(other - length), other), default=length)


def _ngrams(sentence: Sentence, order: int) -> Counter[Sentence]:
    """Count all n-grams up to an order."""
    return Counter(
        sentence[start : start + size] for size in range(1, order + 1) for start in range(len(sentence) - size + 1)
    )


def sentences(tokens: Tensor, end: int | None) -> Iterator[Sentence]:
    """Yield rows of tokens, with shape (N, T), up to the end token."""
    for row in tokens.tolist():
        yield tuple(row[: row.index(end)] if end in row else row)


class BLEU(Measure):
    """BLEU of samples against held-out sentences: quality.

    Args:
        orders: Lengths n of the longest n-grams; runs are compared by the first.
        references: Largest number of references, evenly spaced over the split, as it moves the score; None for all.
        split: Split of the references.
        end: Token that ends a sentence; None if none does.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"images"})
    needs_of_real: ClassVar[frozenset[Need]] = frozenset({"images"})
    named_after_features: ClassVar[bool] = False

    def __init__(
        self, orders: list[Order], references: Count | None = None, split: Split = "test", end: int | None = 0
    ) -> None:
        if not orders:
            raise ValueError("orders is empty: name one, such as 4")
        self.orders, self.references, self.split, self.end = list(orders), references, split, end
        self.unknown: int | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """Settings for the protocol, with the unknown token if there is one."""
        return {name: value for name, value in vars(self).items() if name != "unknown" or value is not None}

    def for_data(self, data: DataModule) -> Measure:
        measure = copy(self)
        measure.unknown = data.unknown if isinstance(data, SequenceDataModule) else None
        return measure

    @property
    def higher_is_better(self) -> dict[str, bool]:
        return {f"bleu{order}": True for order in self.orders}

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        kept = evenly_spaced(real.count, min(self.references or real.count, real.count))
        references = References(list(sentences(real.images[list(kept)], self.end)), max(self.orders))
        images = fake.images if self.unknown is None else fake.images.masked_fill(fake.images == self.unknown, UNEQUAL)
        scores = [references.bleu(sentence) for sentence in sentences(images, self.end)]
        return {f"bleu{order}": sum(score[order - 1] for score in scores) / len(scores) for order in self.orders}


class SelfBLEU(Measure):
    """BLEU of each sample against the other samples, without itself: high for a generator of little variety.

    Args:
        orders: Lengths n of the longest n-grams.
        end: Token that ends a sentence; None if none does.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"images"})
    needs_of_real: ClassVar[frozenset[Need]] = frozenset()
    named_after_features: ClassVar[bool] = False

    def __init__(self, orders: list[Order], end: int | None = 0) -> None:
        if not orders:
            raise ValueError("orders is empty: name one, such as 4")
        self.orders, self.end = list(orders), end

    @property
    def higher_is_better(self) -> dict[str, bool]:
        return {f"self_bleu{order}": False for order in self.orders}

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        own = list(sentences(fake.images, self.end))
        references = References(own, max(self.orders))
        scores = [references.bleu(sentence, is_reference=True) for sentence in own]
        return {f"self_bleu{order}": sum(score[order - 1] for score in scores) / len(scores) for order in self.orders}
