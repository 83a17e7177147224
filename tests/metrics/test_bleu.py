"""BLEU and self-BLEU: values worked by hand, and sentences compared with all others but themselves."""

from math import exp
from pathlib import Path

import pytest
import torch

from gan.data.text import Text
from gan.metrics.bleu import BLEU, References, SelfBLEU, sentences
from gan.metrics.lines import Copied, Distinct
from gan.metrics.statistics import Statistics


def statistics(*rows: list[int]) -> Statistics:
    return Statistics(len(rows), {"images": torch.tensor(rows)})


def test_clipped_precisions_and_brevity_of_a_sentence() -> None:
    references = References([(1, 2, 3, 4), (1, 1, 5)], 2)
    # unigrams of (1, 1, 1, 2): at most two of the three 1s, and 2: 3 of 4; bigrams 11, 11, 12: one 11, and 12: 2 of 3
    assert references.bleu((1, 1, 1, 2)) == pytest.approx([3 / 4, (3 / 4 * 2 / 3) ** 0.5])
    # two tokens against a shortest reference of three: exp(1 - 3/2)
    assert references.bleu((1, 1)) == pytest.approx([exp(-0.5), exp(-0.5)])
    assert references.bleu((9, 9, 9)) == [0.0, 0.0]
    assert references.bleu(()) == [0.0, 0.0]


def test_an_ngram_that_no_reference_has_counts_as_a_tenth() -> None:
    # unigrams 2 of 3, bigrams 0 of 2, and no trigram in three tokens but one: 0.1 of 1
    assert References([(1, 2, 3)], 3).bleu((3, 2, 9))[1:] == pytest.approx(
        [(2 / 3 * 0.1 / 2) ** 0.5, (2 / 3 * 0.1 / 2 * 0.1) ** (1 / 3)]
    )


def test_a_sentence_is_compared_with_the_others_alone() -> None:
    own = [(1, 2, 3), (1, 2, 4), (5, 6, 7, 8)]
    references = References(own, 2)
    for index, sentence in enumerate(own):
        others = References(own[:index] + own[index + 1 :], 2)
        assert references.bleu(sentence, is_reference=True) == pytest.approx(others.bleu(sentence))
    twice = References([(1, 2, 3), (1, 2, 3)], 2)
    assert twice.bleu((1, 2, 3), is_reference=True) == pytest.approx([1, 1])


def test_closest_length_takes_the_shorter_of_two() -> None:
    references = References([(1, 1), (1,) * 6], 1)
    assert references.bleu((1,) * 4)[0] == pytest.approx(1)  # against 2
    assert references.bleu((1,) * 5)[0] == pytest.approx(exp(1 - 6 / 5))  # against 6


def test_measures_average_over_sentences_up_to_their_end() -> None:
    fake = statistics([1, 2, 0, 0], [1, 2, 3, 0], [4, 0, 1, 2])
    assert list(sentences(fake.images, 0)) == [(1, 2), (1, 2, 3), (4,)]
    assert list(sentences(fake.images, None))[2] == (4, 0, 1, 2)
    real = statistics([1, 2, 0, 0], [1, 2, 3, 0])
    scores = BLEU(orders=[2])(real, fake)
    assert scores == pytest.approx({"bleu2": 2 / 3})
    assert BLEU(orders=[2], references=1)(real, fake)["bleu2"] < 2 / 3
    assert SelfBLEU(orders=[1, 2])(real, statistics([1, 2], [1, 2])) == pytest.approx(
        {"self_bleu1": 1, "self_bleu2": 1}
    )
    assert SelfBLEU(orders=[1])(real, statistics([1, 2], [3, 4])) == {"self_bleu1": 0.0}


def test_unknown_tokens_help_no_score(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("a cat\na dog\na cat\nno cat\n")
    (tmp_path / "test.txt").write_text("a bird\nred bird\n")
    data = Text(str(tmp_path), min_count=2)
    assert data.unknown == 1
    real = fake = statistics([2, 1], [1, 1])
    measure = BLEU(orders=[1]).for_data(data)
    assert measure(real, fake) == {"bleu1": 0.25}  # of four tokens, "a" is right
    assert measure.settings["unknown"] == 1
    assert BLEU(orders=[1]).for_data(Text()).settings.keys() == {"orders", "references", "split", "end"}
    # lower is better, and all unknown tokens are equal
    assert SelfBLEU(orders=[1]).for_data(data)(real, statistics([1, 1], [1, 1])) == {"self_bleu1": 1.0}
    assert Distinct().for_data(data)(real, statistics([1, 1], [1, 1])) == {"distinct": 0.5}
    assert Copied().for_data(data)(real, statistics([1, 1], [2, 2])) == {"copied": 0.5}


def test_shares_of_distinct_and_of_copied_lines() -> None:
    fake = statistics([1, 2], [1, 2], [3, 4], [5, 6])
    assert Distinct()(fake, fake) == {"distinct": 0.75}
    assert Copied()(statistics([1, 2], [6, 5]), fake) == {"copied": 0.5}
    assert Copied.split == "train"


def test_no_order_is_an_error() -> None:
    for measure in (BLEU, SelfBLEU):
        with pytest.raises(ValueError, match="orders is empty"):
            measure(orders=[])


def test_bleu_agrees_with_nltk() -> None:
    bleu = pytest.importorskip("nltk.translate.bleu_score")
    generator = torch.Generator().manual_seed(0)
    rows = [tuple(torch.randint(6, (int(size),), generator=generator).tolist()) for size in range(3, 12)] * 2
    references, smoothing = rows[:7], bleu.SmoothingFunction().method1
    ours = References(references, 4)
    for row in rows[7:]:
        expected = bleu.sentence_bleu(references, row, weights=[0.25] * 4, smoothing_function=smoothing)
        assert ours.bleu(row)[3] == pytest.approx(expected)
