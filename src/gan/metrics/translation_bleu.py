"""BLEU of translated lines against their references, as sacrebleu computes it for a corpus (Post, 2018)."""

from typing import Any, ClassVar

import torch
from torch import Tensor

from gan.data.module import DataModule
from gan.data.unpaired_text import UnpairedText, as_unpaired_text
from gan.extras import import_extra
from gan.metrics.measure import Measure
from gan.metrics.statistics import Need, PairStatistic, Statistics

__all__ = ["TranslationBLEU"]

USER = "metric=translation_bleu"


class TranslationBLEU(Measure):
    """Corpus BLEU of translations, from 0 to 100: n-grams up to 4, one reference a line, and its default tokenizer.

    The references are the held-out lines as they were written. No word of theirs equals an unknown token.
    """

    higher_is_better: ClassVar[dict[str, bool]] = {"translation_bleu": True}
    needs_of_real: ClassVar[frozenset[Need]] = frozenset()
    named_after_features: ClassVar[bool] = False

    def __init__(self) -> None:
        self.data: UnpairedText | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """Settings for the protocol."""
        return {"tokenizer": "13a", "smoothing": "exp", "references": "as written"}

    @property
    def needs(self) -> frozenset[Need]:
        """Counts of each pair, which add up over lines."""
        return frozenset({PairStatistic("translation_bleu", self._counts, by_row=True)})

    def for_data(self, data: DataModule) -> Measure:
        import_extra("sacrebleu", "translation", USER)
        measure = TranslationBLEU()
        measure.data = as_unpaired_text(data, USER)
        return measure

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        bleu = import_extra("sacrebleu.metrics", "translation", USER).BLEU
        sums = [int(count) for count in fake.tensors["translation_bleu"].double().sum(0)]
        score = bleu.compute_bleu(sums[2:6], sums[6:], sums[0], sums[1], smooth_method="exp")
        return {"translation_bleu": score.score}

    def _counts(self, images: Tensor, held_out: Tensor) -> Tensor:
        """Return lengths of translation and reference, matching n-grams and all n-grams, float32 with shape (B, 10)."""
        assert self.data is not None
        bleu = import_extra("sacrebleu.metrics", "translation", USER).BLEU(effective_order=True)
        rows = []
        for line, row in zip(self.data.scored_lines(images.cpu()), held_out.tolist(), strict=True):
            score = bleu.sentence_score(line, [self.data.references[row]])
            rows.append([score.sys_len, score.ref_len, *score.counts, *score.totals])
        return torch.tensor(rows, dtype=torch.float32, device=images.device)
