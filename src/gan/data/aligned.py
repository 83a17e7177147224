"""Dictionary from aligned sentences, for scores: words that occur in the same pairs of sentences."""

from collections import Counter
from collections.abc import Iterable
from itertools import product

__all__ = ["align_words"]


def align_words(
    sentences: Iterable[tuple[list[str], list[str]]], min_count: int = 5, threshold: float = 0.3
) -> list[tuple[str, str]]:
    """Pair words of two languages that each have the other as the one with the largest Dice coefficient.

    The coefficient is 2 n(x, y) / (n(x) + n(y)), where n counts pairs of sentences (Smadja et al., 1996).

    Args:
        sentences: Words of sentences and of their translations.
        min_count: Sentences below which a word is left out.
        threshold: Coefficient below which a pair is left out.
    """
    first, second, together = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    for source, target in sentences:
        left, right = set(source), set(target)
        first.update(left)
        second.update(right)
        together.update(product(left, right))
    scores = {
        (x, y): 2 * count / (first[x] + second[y])
        for (x, y), count in together.items()
        if min(first[x], second[y]) >= min_count
    }
    forward, backward = dict[str, tuple[float, str]](), dict[str, tuple[float, str]]()
    for (x, y), score in scores.items():
        forward[x] = max(forward.get(x, (0.0, "")), (score, y))
        backward[y] = max(backward.get(y, (0.0, "")), (score, x))
    return [(x, y) for x, (score, y) in forward.items() if score >= threshold and backward[y][1] == x]
