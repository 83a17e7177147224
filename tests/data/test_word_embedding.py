"""Embeddings of a text: their decomposition, order, ranges, and words that stand near the same ones."""

import math

import pytest
import torch
import torch.nn.functional as F

from gan.data.word_embedding import embed_words
from gan.errors import UserError


def text() -> list[list[str]]:
    """Sentences in which "cat" and "dog" stand near the same words, and "stone" near others."""
    generator = torch.Generator().manual_seed(0)
    near = {"cat": ["eats", "sleeps", "runs"], "dog": ["eats", "sleeps", "runs"], "stone": ["lies", "falls", "rolls"]}
    lines = []
    for index in torch.randint(9, (300,), generator=generator).tolist():
        word = list(near)[index // 3]
        lines.append(["the", word, near[word][index % 3]])
    return lines


def test_words_of_one_kind_are_similar() -> None:
    language = embed_words(text(), dimension=4, window=2, min_count=2)
    assert language.words[0] == "the"
    cat, dog, stone = (language.vectors[language.words.index(word)] for word in ("cat", "dog", "stone"))
    assert F.cosine_similarity(cat, dog, dim=0) > 0.9
    assert F.cosine_similarity(cat, stone, dim=0) < 0.5
    assert torch.equal(language.vectors, embed_words(text(), dimension=4, window=2, min_count=2).vectors)


def test_inner_products_are_those_of_the_matrix_of_information() -> None:
    """With all singular vectors but one of zero, V Vᵀ is M Mᵀ; M of a text of two kinds of lines is known."""
    lines = 6 * [["a", "b"]] + 3 * [["c", "d"]]
    language = embed_words(lines, dimension=3, window=1, min_count=1)
    context = {"a": 6**0.75, "b": 6**0.75, "c": 3**0.75, "d": 3**0.75}
    total = sum(context.values())
    expected = {word: math.log(total / context[word]) ** 2 for word in "abcd"}
    squares = dict(zip(language.words, language.vectors.square().sum(1).tolist(), strict=True))
    assert squares["c"] == pytest.approx(expected["d"], rel=1e-4)
    assert squares["d"] == pytest.approx(expected["c"], rel=1e-4)


def test_rare_words_are_left_out_and_too_few_are_refused() -> None:
    lines = [["a", "b", "c", "rare"], ["a", "b", "c"], ["a", "b", "c"]]
    assert "rare" not in embed_words(lines, dimension=2, min_count=2).words
    assert embed_words(lines, dimension=2, min_count=2, most=3).words == ["a", "b", "c"]
    with pytest.raises(UserError, match="3 words occur 2 times or more, which is too few for vectors of length 3"):
        embed_words(lines, dimension=3, min_count=2)
