"""Codes against classes, where the share that agrees is known."""

import pytest
import torch

from gan.metrics.codes import CodeAccuracy
from gan.metrics.statistics import Statistics

NO_REAL = Statistics(0)


def accuracy(codes: torch.Tensor, classes: torch.Tensor) -> float:
    (score,) = CodeAccuracy()(NO_REAL, Statistics(len(codes), classes=classes, labels=codes)).values()
    return score


def random(classes: int, num: int = 20_000, seed: int = 0) -> torch.Tensor:
    return torch.randint(classes, (num,), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("number", [2, 10, 25])
def test_names_of_codes_do_not_matter(number: int) -> None:
    codes, order = random(number), torch.randperm(number, generator=torch.Generator().manual_seed(1))
    assert accuracy(codes, order[codes]) == 1


@pytest.mark.parametrize("share", [0.9, 0.7])
def test_the_share_that_agrees(share: float) -> None:
    codes = random(10)
    agree = torch.rand(len(codes), generator=torch.Generator().manual_seed(2)) < share
    classes = torch.where(agree, 9 - codes, codes.roll(1))  # else that of another image, by chance the same one
    assert accuracy(codes, classes) == float((classes == 9 - codes).double().mean())


@pytest.mark.parametrize("number", [2, 10])
def test_codes_that_say_nothing(number: int) -> None:
    assert accuracy(random(number), random(number, seed=1)) == pytest.approx(1 / number, abs=0.02)


def test_one_class_for_all_codes() -> None:
    assert accuracy(torch.arange(1000) % 10, torch.full((1000,), 3)) == 0.1


@pytest.mark.parametrize(("codes", "classes", "expected"), [(20, 10, 0.5), (5, 10, 0.5)])
def test_more_codes_than_classes_or_fewer(codes: int, classes: int, expected: float) -> None:
    """Two codes a class, of which one is matched; two classes a code, of which one is."""
    indices = torch.arange(1000) % max(codes, classes)
    assert accuracy(indices % codes, indices % classes) == expected


def test_the_best_pairs_are_not_the_greedy_ones() -> None:
    """Code 0 makes 5 of class 0 and 4 of class 1; code 1 makes 4 of class 0 and none of class 1."""
    codes = torch.tensor([0] * 9 + [1] * 4)
    classes = torch.tensor([0] * 5 + [1] * 4 + [0] * 4)
    assert accuracy(codes, classes) == 8 / 13
