"""Accuracy of attributes, and R-precision, where the scores are known."""

from pathlib import Path

import pytest
import torch

from gan.data.mnist5k import MNIST5k
from gan.errors import UserError
from gan.features import captions as features
from gan.features.captions import CaptionFeatures
from gan.metrics.attributes import AttributeAccuracy
from gan.metrics.evaluator import Evaluator
from gan.metrics.r_precision import RPrecision
from gan.metrics.statistics import Statistics
from tests.data.test_captions import captions


def test_single_attributes_and_combinations() -> None:
    measure = AttributeAccuracy().for_data(captions())
    assert (measure.names, measure.sizes) == (["digit", "colour", "place"], [2, 2, 2])
    labels, predicted = torch.tensor([0, 1, 6, 7]), torch.tensor([0, 0, 6, 1])  # digit, colour, place in base two
    fake = Statistics(4, {"labels": labels, "predictions": predicted})
    scores = measure(Statistics(2, {"labels": torch.tensor([0, 1, 6])}), fake)
    assert scores == {
        "accuracy": 0.5,
        "accuracy_seen": pytest.approx(2 / 3),
        "accuracy_unseen": 0.0,
        "accuracy_digit": 0.75,
        "accuracy_colour": 0.75,
        "accuracy_place": 0.75,
    }
    assert scores.keys() == measure.higher_is_better.keys()


def test_without_unseen_combinations_there_is_no_score_of_them() -> None:
    fake = Statistics(2, {"labels": torch.tensor([0, 1]), "predictions": torch.tensor([0, 1])})
    scores = AttributeAccuracy().for_data(captions())(fake, fake)
    assert scores["accuracy_seen"] == 1.0
    assert "accuracy_unseen" not in scores


def test_data_without_attributes_are_named() -> None:
    with pytest.raises(UserError, match=r"metric=attribute_accuracy needs data with attributes: use data=captions"):
        AttributeAccuracy().for_data(MNIST5k(image_size=28, channels=1, num_classes=10))


@pytest.mark.parametrize(("shift", "expected"), [(0, 1.0), (1, 0.0)])
def test_own_sentence_is_found_among_others(shift: int, expected: float) -> None:
    tokens, vectors = torch.arange(6)[:, None], torch.eye(6)
    tensors = {"condition": tokens, "sentences": vectors, "vectors": vectors.roll(shift, 0)}
    assert RPrecision()(Statistics(0), Statistics(6, tensors)) == {"r_precision": expected}


def test_equal_sentences_count_once_and_chance_is_one_in_the_candidates() -> None:
    generator = torch.Generator().manual_seed(0)
    tokens = torch.arange(4000) % 40
    sentences = torch.randn(40, 8, generator=generator)[tokens]
    tensors = {"condition": tokens[:, None], "sentences": sentences}
    tensors["vectors"] = torch.randn(4000, 8, generator=generator)
    score = RPrecision(candidates=10)(Statistics(0), Statistics(4000, tensors))["r_precision"]
    assert score == pytest.approx(0.1, abs=0.03)


def test_noise_is_compared_with_the_sentences_of_held_out_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "STEPS", 2)
    evaluator = Evaluator(CaptionFeatures, {"r_precision": RPrecision()}, num_samples=32, cache=str(tmp_path))
    baselines = evaluator.prepare(captions(), torch.device("cpu")).baselines()
    assert list(baselines) == ["held_out", "held_out_images", "noise", "noise_images"]
    assert 0 <= baselines["noise"] <= 1
