"""Stacked MNIST: channels are digits, and the class is the number that they form."""

from typing import Any

import pytest
import torch

from gan.data.mnist5k import MNIST5k
from gan.data.stacked_mnist import StackedMNIST

DIGITS = MNIST5k(image_size=28, channels=1, num_classes=10)
SETTINGS = {"image_size": 28, "channels": 3, "num_classes": 1000}


def test_channels_are_digits_and_the_class_is_their_number() -> None:
    data = StackedMNIST(DIGITS, **SETTINGS)
    digits = DIGITS.split("train")
    batch = data.split("train").__getitems__([5, 70_000, 127_999])
    assert batch.real.shape == (3, 3, 28, 28)
    assert batch.real.dtype == torch.uint8
    for image, label in zip(batch.real, batch.labels.tolist(), strict=True):
        for channel, digit in zip(image, f"{label:03d}", strict=True):
            (index,) = (digits.images[:, 0] == channel).all((1, 2)).nonzero()[0].tolist()
            assert digits.labels[index] == int(digit)


def test_all_modes_occur_and_splits_are_reproducible() -> None:
    data = StackedMNIST(DIGITS, **SETTINGS)
    assert (len(data.split("train")), len(data.split("test"))) == (128_000, 26_000)
    labels = data.split("train").__getitems__(list(range(0, 128_000, 4))).labels
    assert len(labels.unique()) == 1000
    again = StackedMNIST(DIGITS, **SETTINGS)
    assert torch.equal(again.split("test").__getitems__([0]).real, data.split("test").__getitems__([0]).real)


@pytest.mark.parametrize("settings", [{"channels": 1}, {"num_classes": 10}, {"image_size": 32}])
def test_bad_settings(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="digits"):
        StackedMNIST(DIGITS, **(SETTINGS | settings))
