"""Trivial generators of text: their scores stand beside those of samples."""

from itertools import chain
from pathlib import Path

import torch

from gan.data.text import Text
from gan.features.none import NoFeatures
from gan.metrics.bleu import BLEU
from gan.metrics.evaluator import Evaluator
from gan.metrics.likelihood import HeldOutNLL
from gan.metrics.lines import Distinct
from gan.metrics.trivial import trivial_samples


def text(folder: Path) -> Text:
    (folder / "train.txt").write_text("a cat sees a dog\na dog sees a cat\na bird sings\n")
    (folder / "test.txt").write_text("a cat sees a bird\na dog sings\n")
    return Text(str(folder))


def test_words_at_their_frequencies_score_between_noise_and_text(tmp_path: Path) -> None:
    measures = {"bleu": BLEU([2]), "nll": HeldOutNLL(), "distinct": Distinct()}
    evaluator = Evaluator(NoFeatures, measures, num_samples=600, split="test").prepare(
        text(tmp_path), torch.device("cpu")
    )
    scores, baselines = evaluator.trivial_baselines()["unigram"], evaluator.baselines()
    assert baselines["noise"] < scores["bleu2"] < baselines["held_out"]
    assert scores.keys() == {"bleu2", "distinct"}, "a likelihood is one of a model itself"


def test_samples_have_the_number_that_is_asked_for(tmp_path: Path) -> None:
    batches = list(trivial_samples(text(tmp_path), 300, requests=False)["unigram"])
    assert [len(batch.images) for batch in batches] == [256, 44]
    assert not any(chain.from_iterable(batch.labels.tolist() for batch in batches))
