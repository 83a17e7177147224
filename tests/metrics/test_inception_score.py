"""Inception score where it has a closed form."""

import warnings

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from gan.errors import UserError
from gan.metrics.inception_score import InceptionScore
from gan.metrics.statistics import Statistics


def score(logits: Tensor, splits: int = 10) -> dict[str, float]:
    fake = Statistics.of(torch.zeros(len(logits), 1), logits=logits)
    return InceptionScore(splits)(Statistics.of(torch.zeros(2, 1)), fake)


def confident(labels: Tensor, gap: float) -> Tensor:
    return gap * F.one_hot(labels, 4).float()


@pytest.mark.parametrize("classes", [1, 2, 4])
@pytest.mark.parametrize("gap", [50.0, 200.0])
def test_confident_and_evenly_spread(classes: int, gap: float) -> None:
    """The score is the number of classes. A gap of 200 underflows in float32."""
    scores = score(confident(torch.arange(20_000) % classes, gap), splits=2)
    assert scores["is"] == pytest.approx(classes, rel=1e-3)
    assert scores["is_std"] == pytest.approx(0, abs=1e-2)


def test_uniform_probabilities() -> None:
    scores = score(torch.zeros(100, 4))
    assert scores == {"is": pytest.approx(1), "is_std": pytest.approx(0, abs=1e-12)}


def test_against_the_formula() -> None:
    """Three images in two splits: one split has two images, and the single image of the other scores 1."""
    logits = torch.tensor([[0.0, 2.0], [1.0, 0.0], [3.0, 0.0]])
    p = logits.double().softmax(1)
    candidates = []
    for alone in range(3):
        pair = p[[i for i in range(3) if i != alone]]
        kl = (pair * (pair.log() - pair.mean(0).log())).sum(1).mean().exp()
        values = torch.stack([kl, torch.ones_like(kl)])
        candidates.append((float(values.mean()), float(values.std(correction=0))))
    scores = score(logits, splits=2)
    assert any((scores["is"], scores["is_std"]) == pytest.approx(candidate) for candidate in candidates)


def authors_score(p: np.ndarray, splits: int) -> tuple[float, float]:
    """Salimans et al.'s code: splits in the order of the images, numpy's deviation."""
    scores = []
    for i in range(splits):
        part = p[i * len(p) // splits : (i + 1) * len(p) // splits]
        kl = part * (np.log(part) - np.log(part.mean(0, keepdims=True)))
        scores.append(np.exp(kl.sum(1).mean()))
    return float(np.mean(scores)), float(np.std(scores))


@pytest.mark.parametrize("num", [19, 100, 105])
def test_against_the_authors_code(num: int) -> None:
    """19 images have 9 splits of 2 and one of 1: torchmetrics has 9 splits of 2 and drops the rest."""
    logits = 2 * torch.randn(num, 4, generator=torch.Generator().manual_seed(0))
    shuffled = logits[np.random.RandomState(2020).permutation(num)]  # torch-fidelity's order
    scores = score(logits)
    assert (scores["is"], scores["is_std"]) == pytest.approx(authors_score(shuffled.double().softmax(1).numpy(), 10))


def test_repeated_scores_are_equal() -> None:
    logits = torch.randn(100, 4, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(1)
    first = score(logits)
    following = torch.rand(1)
    assert score(logits) == first
    torch.manual_seed(1)
    assert torch.rand(1) == following, "the global random numbers are unchanged"


def test_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        score(torch.zeros(10, 2))


def test_wrong_settings() -> None:
    with pytest.raises(UserError, match="10 splits needs at least 10 generated images, not 9"):
        score(torch.zeros(9, 2))
