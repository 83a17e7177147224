"""Code accuracy where the share of matched images is known."""

from itertools import permutations

import pytest
import torch

from gan.metrics.code_accuracy import CodeAccuracy
from gan.metrics.statistics import Statistics

NO_REAL = Statistics(0)


def accuracy(codes: torch.Tensor, classes: torch.Tensor) -> float:
    (score,) = CodeAccuracy()(NO_REAL, Statistics(len(codes), {"predictions": classes, "labels": codes})).values()
    return score


def random(classes: int, num: int = 20_000, seed: int = 0) -> torch.Tensor:
    return torch.randint(classes, (num,), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("number", [2, 10, 25])
def test_permuted_codes_score_one(number: int) -> None:
    codes, order = random(number), torch.randperm(number, generator=torch.Generator().manual_seed(1))
    assert accuracy(codes, order[codes]) == 1


@pytest.mark.parametrize("share", [0.9, 0.7])
def test_the_share_that_agrees(share: float) -> None:
    codes = random(10)
    agree = torch.rand(len(codes), generator=torch.Generator().manual_seed(2)) < share
    classes = torch.where(agree, 9 - codes, codes.roll(1))  # otherwise another image's, which may agree by chance
    assert accuracy(codes, classes) == float((classes == 9 - codes).double().mean())


@pytest.mark.parametrize("number", [2, 10])
def test_codes_independent_of_the_classes(number: int) -> None:
    assert accuracy(random(number), random(number, seed=1)) == pytest.approx(1 / number, abs=0.02)


def test_one_class_for_all_codes() -> None:
    assert accuracy(torch.arange(1000) % 10, torch.full((1000,), 3)) == 0.1


@pytest.mark.parametrize(("codes", "classes", "expected"), [(20, 10, 0.5), (5, 10, 0.5)])
def test_unequal_numbers_of_codes_and_classes(codes: int, classes: int, expected: float) -> None:
    """Two codes per class, one of which is matched; two classes per code, likewise."""
    indices = torch.arange(1000) % max(codes, classes)
    assert accuracy(indices % codes, indices % classes) == expected


def test_the_best_matching_is_not_the_greedy_one() -> None:
    """Code 0 makes 5 of class 0 and 4 of class 1; code 1 makes 4 of class 0 and none of class 1."""
    codes = torch.tensor([0] * 9 + [1] * 4)
    classes = torch.tensor([0] * 5 + [1] * 4 + [0] * 4)
    assert accuracy(codes, classes) == 8 / 13


@pytest.mark.parametrize(("codes", "classes"), [(1, 1), (1, 4), (4, 1), (3, 3), (5, 5), (3, 6), (6, 3)])
def test_no_other_matching_is_better(codes: int, classes: int) -> None:
    for seed in range(20):
        labels, predictions = random(codes, 60, seed), random(classes, 60, seed + 100)
        counts = torch.bincount(labels * classes + predictions, minlength=codes * classes).view(codes, classes)
        counts = counts if codes <= classes else counts.T
        matchings = permutations(range(counts.shape[1]), counts.shape[0])
        best = max(sum(int(counts[i, j]) for i, j in enumerate(matching)) for matching in matchings)
        assert accuracy(labels, predictions) == best / 60
