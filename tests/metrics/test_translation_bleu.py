"""BLEU of translations: that of sacrebleu for a corpus, and what it needs."""

import sys
from pathlib import Path

import pytest
import torch
from sacrebleu.metrics import BLEU

from gan.data.unpaired_text import UnpairedText
from gan.errors import UserError
from gan.features.none import NoFeatures
from gan.instantiate import build
from gan.metrics.evaluator import Evaluator
from gan.metrics.statistics import PairStatistic, Statistics
from gan.metrics.translation_bleu import TranslationBLEU
from gan.types import Samples
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
    assert request.row is not None
    counts = torch.cat([need.compute(made[:10], request.row[:10]), need.compute(made[10:], request.row[10:])])
    score = measure(Statistics(0), Statistics(30, {need.name: counts}))["translation_bleu"]
    assert score == pytest.approx(BLEU().corpus_score(DATA.lines(made), [DATA.lines(real)]).score)
    assert 5 < score < 90
    perfect = need.compute(real, request.row)
    assert measure(Statistics(0), Statistics(30, {need.name: perfect}))["translation_bleu"] == pytest.approx(100)


def test_an_unknown_word_is_never_right(tmp_path: Path) -> None:
    lines = {
        "source": "the old dog sees the red ball .\n" * 2,
        "target": "der alte Hund sieht den roten Ball .\n" * 2,
        "source_test": "Two young zebras, playing .\nthe dog sees two zebra-like balls .\n",
        "target_test": "Zwei junge Zebras spielen .\nder Hund sieht zwei Zebras , Ball .\n",
    }
    for name, text in lines.items():
        (tmp_path / f"{name}.txt").write_text(text)
    paths = {f"{name}_path": str(tmp_path / f"{name}.txt") for name in lines}
    data = UnpairedText(**paths, min_count=2, length=9)
    assert data.unknown is not None
    metric = Evaluator(NoFeatures, {"translation_bleu": TranslationBLEU()}, num_samples=2)
    evaluator = metric.prepare(data, torch.device("cpu"), requests=True)
    written = lines["target_test"].splitlines()

    def score(tokens: torch.Tensor) -> float:
        request = data.requests(range(2))
        samples = Samples(tokens, torch.zeros(2), request.condition, request.real, request.row)
        return evaluator([samples])["translation_bleu"]

    assert score(torch.full((2, 9), data.unknown)) == 0
    request = data.requests(range(2))
    assert request.real is not None
    right = request.real.argmax(-1)
    assert data.lines(right) == [
        "<unknown> <unknown> <unknown> <unknown> .",
        "der Hund sieht <unknown> <unknown> <unknown> Ball .",
    ]
    plain = ["? ? ? ? .", "der Hund sieht ? ? ? Ball ."]
    assert score(right) == pytest.approx(BLEU().corpus_score(plain, [written]).score)
    copy = evaluator.trivial_baselines()["copy"]["translation_bleu"]
    assert copy == pytest.approx(BLEU().corpus_score(["? ? ? ? ? .", "the dog sees ? ? ? ? ? ."], [written]).score)


def test_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    images = build(composed("data=mnist5k").data)
    with pytest.raises(UserError, match="metric=translation_bleu needs lines of two languages, as in data=unpaired"):
        TranslationBLEU().for_data(images)
    monkeypatch.setitem(sys.modules, "sacrebleu", None)
    with pytest.raises(UserError, match=r"metric=translation_bleu needs packages: pip install -e '\.\[translation\]'"):
        TranslationBLEU().for_data(DATA)
