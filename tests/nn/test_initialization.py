"""Initial weights: bound and deviation of the uniform distribution."""

from math import sqrt

import pytest
from torch import nn

from gan.nn.initialization import glorot


@pytest.mark.parametrize("gain", [1.0, sqrt(2)])
def test_initial_weights_are_uniform_as_published(gain: float) -> None:
    layer = glorot(nn.Conv2d(32, 64, 3), gain)
    bound = gain * sqrt(6 / (9 * 32 + 9 * 64))
    assert bound * 0.99 < layer.weight.abs().max() <= bound
    assert layer.weight.std().item() == pytest.approx(bound / sqrt(3), rel=0.02)
    assert layer.bias is not None
    assert not layer.bias.any()
