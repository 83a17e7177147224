"""Precision of maps of word vectors, the criterion without labels, and what they need."""

import pytest
import torch

from gan.data.vectors import as_word_vectors
from gan.data.word_vectors import VectorFiles
from gan.errors import UserError
from gan.instantiate import build
from gan.metrics.sampled import SampleSource
from gan.metrics.statistics import GeneratorStatistic, Statistics
from gan.metrics.word_translation import CSLSCosine, WordTranslation, precisions
from gan.models.muse import linear_map_of
from gan.nn.procrustes import procrustes, random_rotation
from tests.test_conf import composed

DATA = VectorFiles(made_words=200, made_noise=0.1, commonest=100)


def truth() -> torch.Tensor:
    assert DATA.dictionary is not None
    rows = list(DATA.dictionary)
    columns = [next(iter(DATA.dictionary[row])) for row in rows]
    return procrustes(DATA.source.vectors[rows], DATA.target.vectors[columns])


def scores(measure: CSLSCosine | WordTranslation, weight: torch.Tensor) -> dict[str, float]:
    model = build(composed("model=muse").model)
    with torch.no_grad():
        model.generator.weight.copy_(weight)
    (need,) = measure.needs
    assert isinstance(need, GeneratorStatistic)
    row = need.compute(SampleSource(model, data=DATA))
    return measure(Statistics(0), Statistics(0, {measure.name: row}))


def test_the_true_map_is_precise_and_a_random_one_is_not() -> None:
    exact, lost = (scores(WordTranslation(refinements=0), weight) for weight in (truth(), random_rotation(20)))
    assert list(exact) == ["p1", "p5", "p10"]
    assert exact["p1"] > 0.95
    assert exact["p1"] <= exact["p5"] <= exact["p10"]
    assert lost["p10"] < 0.2
    criterion = CSLSCosine(words=100)
    assert scores(criterion, truth())["csls"] > scores(criterion, random_rotation(20))["csls"]


def test_refinement_is_scored_beside_the_map_itself() -> None:
    rough = truth() + 0.3 * torch.randn(20, 20, generator=torch.Generator().manual_seed(0))
    found = scores(WordTranslation(refinements=5), rough)
    assert found["refined_p1"] > max(0.9, found["p1"])


def test_any_right_translation_counts() -> None:
    weight, before = truth(), precisions(DATA, truth())["p1"]
    assert DATA.dictionary is not None
    other = VectorFiles(made_words=200, made_noise=0.1, commonest=100)
    assert other.dictionary is not None
    wrong = len(DATA.target.words) - 1
    for answers in other.dictionary.values():
        answers.add(wrong)
    assert precisions(other, weight)["p1"] >= before


def test_what_the_measures_need() -> None:
    data = VectorFiles(made_words=50)
    data.dictionary = None
    CSLSCosine().for_data(data)
    with pytest.raises(UserError, match=r"needs a dictionary: set data\.dictionary_path"):
        WordTranslation().for_data(data)
    images = build(composed("data=mnist5k").data)
    with pytest.raises(UserError, match="metric=csls needs word vectors, as in data=word_vectors, and MNIST5k has"):
        CSLSCosine().for_data(images)
    with pytest.raises(UserError, match="has no linear map of word vectors"):
        linear_map_of(build(composed("model=mlp_gan", "data=ring8").model))
    assert as_word_vectors(data, "x") is data
