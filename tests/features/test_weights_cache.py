"""Weights that are trained once: the file, and what happens without one that can be read or written."""

import logging
from pathlib import Path

import pytest
import torch
from torch import nn

from gan.features.weights_cache import train_once, weights_path


def value(path: Path, trained: float) -> float:
    """Return the weight of a network that training sets to a value."""
    network = nn.Linear(1, 1, bias=False)
    train_once(network, lambda: nn.init.constant_(network.weight, trained), path, "the line")
    return network.weight.item()


def test_a_network_is_trained_once(tmp_path: Path) -> None:
    path = weights_path("line", "key", str(tmp_path))
    assert (path.parent, path.name[:5]) == (tmp_path, "line-")
    assert path != weights_path("line", "other key", str(tmp_path))
    assert (value(path, 1.0), value(path, 2.0)) == (1.0, 1.0)


def test_files_that_do_not_fit_or_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    torch.save({"weight": torch.zeros(3)}, tmp_path / "line.pt")
    with caplog.at_level(logging.INFO):
        assert value(tmp_path / "line.pt", 1.0) == 1.0
        assert value(tmp_path / "line.pt" / "below.pt", 3.0) == 3.0
    assert f"The cache {tmp_path / 'line.pt'} of the line is damaged" in caplog.text
    assert "The weights of the line cannot be cached" in caplog.text
