"""Measures of class-conditional generators where the scores are known."""

import pytest
import torch

from gan.errors import UserError
from gan.metrics.conditional import ConditionalAccuracy, IntraFrechet
from gan.metrics.statistics import Statistics


def classes(shifts: list[float], seed: int = 0) -> Statistics:
    """Return 50 images per class, with equal features up to a shift of the first one per class."""
    values = torch.randn(50, 2, generator=torch.Generator().manual_seed(seed))
    vectors = torch.cat([values + torch.tensor([shift, 0.0]) for shift in shifts])
    return Statistics.of(vectors, labels=torch.arange(len(shifts)).repeat_interleave(50))


@pytest.mark.parametrize(("real", "fake"), [([0.0, 9.0], [1.0, 12.0]), ([0.0, 9.0], [9.0, 0.0]), ([3.0], [4.0])])
def test_mean_over_classes(real: list[float], fake: list[float]) -> None:
    """A shift scores its square. Swapped classes score like shifts, although the sets are equal as a whole."""
    expected = sum((a - b) ** 2 for a, b in zip(real, fake, strict=True)) / len(real)
    assert IntraFrechet()(classes(real), classes(fake)) == {"intra_fd": pytest.approx(expected, rel=1e-5)}


def test_order_of_images_does_not_matter() -> None:
    fake = classes([0.0, 5.0], seed=1)
    order = torch.randperm(100, generator=torch.Generator().manual_seed(0))
    permuted = Statistics.of(fake.vectors[order], labels=fake.labels[order])
    expected = IntraFrechet()(classes([0.0, 5.0]), fake)["intra_fd"]
    assert IntraFrechet()(classes([0.0, 5.0]), permuted) == {"intra_fd": pytest.approx(expected, rel=1e-9)}


@pytest.mark.parametrize(
    ("labels", "named"), [([0, 0, 0, 1], "class 1"), ([0, 0, 0, 0], "class 1"), ([1, 1, 7, 7], "class 0")]
)
def test_a_class_with_too_few_images_is_named(labels: list[int], named: str) -> None:
    fake = Statistics.of(torch.randn(4, 2), labels=torch.tensor(labels))
    with pytest.raises(UserError, match=named):
        IntraFrechet()(classes([0.0, 5.0]), fake)


@pytest.mark.parametrize(("requested", "expected"), [([0, 1, 2, 0], 1.0), ([0, 1, 2, 1], 0.75), ([1, 2, 0, 1], 0.0)])
def test_accuracy(requested: list[int], expected: float) -> None:
    logits = torch.eye(3)[[0, 1, 2, 0]]
    fake = Statistics.of(torch.zeros(4, 2), logits, torch.tensor(requested))
    assert ConditionalAccuracy()(Statistics.of(torch.zeros(2, 2)), fake) == {"accuracy": expected}
