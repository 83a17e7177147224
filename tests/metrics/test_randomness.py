"""Measures' random numbers: the same each time, and the run's own undisturbed."""

import pytest
import torch
from torch.testing import assert_close

from gan.metrics.randomness import repeatable


def test_same_each_time_and_the_rest_as_before() -> None:
    torch.manual_seed(7)
    expected = torch.rand(4)
    torch.manual_seed(7)
    with repeatable():
        first = torch.rand(3)
    middle = torch.rand(2)
    with repeatable():
        assert_close(torch.rand(3), first)
    assert_close(torch.cat([middle, torch.rand(2)]), expected)


def test_gpus_are_not_seeded(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        pytest.fail("a GPU was seeded")

    monkeypatch.setattr(torch.cuda, "manual_seed_all", fail)
    with repeatable():
        torch.rand(1)
