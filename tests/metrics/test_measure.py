"""Every measure in conf/metric lists all its scores."""

import pytest
import torch

from gan.instantiate import build
from gan.metrics.bleu import BLEU, SelfBLEU
from gan.metrics.lines import Copied, Distinct
from gan.metrics.measure import Measure
from gan.metrics.statistics import GeneratorStatistic, Need, PairStatistic, PixelStatistic, Statistics
from gan.metrics.translation_bleu import TranslationBLEU
from gan.metrics.word_translation import MapMeasure
from tests.test_conf import choices, composed

TEXT = (BLEU, SelfBLEU, Distinct, Copied)


def tensor_shape(need: Need, measure: Measure) -> tuple[int, ...]:
    if isinstance(measure, MapMeasure):
        return (1, len(measure.higher_is_better))
    if isinstance(measure, TranslationBLEU):
        return (40, 10)
    return (40, 2) if isinstance(need, GeneratorStatistic) and not need.paths else (40,)


@pytest.mark.parametrize("choice", choices("metric"))
def test_the_direction_of_every_score_is_known(choice: str) -> None:
    (node,) = composed(f"metric=[{choice}]").metric.measures.values()
    if "steps" in node:  # of a classifier's training
        node.steps = 2
    measure = build(node)
    assert isinstance(measure, Measure)
    labels = torch.arange(40) % 4
    statistics = [
        need for need in measure.needs if isinstance(need, PixelStatistic | PairStatistic | GeneratorStatistic)
    ]
    real, fake = (
        Statistics.of(
            torch.randn(40, 3, generator=random),
            torch.randn(40, 4, generator=random),
            labels,
            {need.name: torch.rand(tensor_shape(need, measure), generator=random) for need in statistics}
            | {"images": torch.randint(256, (40, 6) if isinstance(measure, TEXT) else (40, 1, 8, 8), generator=random)}
            | {"condition": labels[:, None], "sentences": torch.randn(40, 3, generator=random)},
        )
        for random in (torch.Generator().manual_seed(seed) for seed in (0, 1))
    )
    assert measure(real, fake).keys() <= measure.higher_is_better.keys()
    assert next(iter(measure.higher_is_better)) in measure(real, fake), "the main score"
