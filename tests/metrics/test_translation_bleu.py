"""BLEU of translations: that of sacrebleu for a corpus, and what it needs."""

import sys

import pytest
import torch
from sacrebleu.metrics import BLEU

from gan.data.unpaired_text import UnpairedText
from gan.errors import UserError
from gan.instantiate import build
from gan.metrics.statistics import PairStatistic, Statistics
from gan.metrics.translation_bleu import TranslationBLEU
from tests.test_conf import composed

DATA = UnpairedText(made_sentences=100)


def test_counts_of_batches_add_up_to_the_score_of_the_corpus() -> None:
    measure = TranslationBLEU().for_data(DATA)
    request = DATA.requests(range(30))
    assert request.real is not None
    made = DATA.trivial_baselines()["word_by_word"](request).argmax(-1)
    made[0] = 0  # an empty line
    real = request.real.argmax(-1)
    (need,) = measure.needs
    assert isinstance(need, PairStatistic)
    counts = torch.cat([need.compute(made[:10], real[:10]), need.compute(made[10:], real[10:])])
    score = measure(Statistics(0), Statistics(30, {need.name: counts}))["translation_bleu"]
    assert score == pytest.approx(BLEU().corpus_score(DATA.lines(made), [DATA.lines(real)]).score)
    assert 5 < score < 90
    perfect = need.compute(real, real)
    assert measure(Statistics(0), Statistics(30, {need.name: perfect}))["translation_bleu"] == pytest.approx(100)


def test_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    images = build(composed("data=mnist5k").data)
    with pytest.raises(UserError, match="metric=translation_bleu needs lines of two languages, as in data=unpaired"):
        TranslationBLEU().for_data(images)
    monkeypatch.setitem(sys.modules, "sacrebleu", None)
    with pytest.raises(UserError, match=r"metric=translation_bleu needs packages: pip install -e '\.\[translation\]'"):
        TranslationBLEU().for_data(DATA)
