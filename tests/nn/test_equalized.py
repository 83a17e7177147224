"""Equalised layers: standard normal weights, outputs of unit variance, and steps that the scale shrinks."""

from math import sqrt
from typing import Any

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from gan.nn.equalized import EqualizedConv2d, EqualizedLinear

LAYERS: dict[str, Any] = {
    "linear": (lambda **gain: EqualizedLinear(200, 300, **gain), (400, 200), 200),
    "convolution": (lambda **gain: EqualizedConv2d(32, 64, 3, padding=1, **gain), (8, 32, 12, 12), 9 * 32),
}


@pytest.mark.parametrize("kind", LAYERS)
def test_weights_are_standard_and_outputs_have_the_gain(kind: str) -> None:
    torch.manual_seed(0)
    make, shape, _ = LAYERS[kind]
    layer = make(gain=1.0)
    assert layer.weight.std().item() == pytest.approx(1, rel=0.05)
    assert not layer.bias.any()
    outputs = layer(torch.randn(shape))
    inner = outputs if outputs.dim() == 2 else outputs[:, :, 1:-1, 1:-1]
    assert inner.std().item() == pytest.approx(1, rel=0.05)
    layer.scale *= 3
    assert_close(layer(torch.ones(shape)), 3 * make_plain(layer, 3)(torch.ones(shape)))


def make_plain(layer: Any, times: float) -> nn.Module:
    """Copy a layer to one of torch's own, with weights that a ``times``-th of the scale has been put into."""
    if isinstance(layer, nn.Conv2d):
        plain: Any = nn.Conv2d(layer.in_channels, layer.out_channels, 3, padding=1)
    else:
        plain = nn.Linear(layer.in_features, layer.out_features)
    with torch.no_grad():
        plain.weight.copy_(layer.weight * layer.scale / times)
        plain.bias.zero_()
    return plain


@pytest.mark.parametrize("kind", LAYERS)
def test_an_adam_step_moves_each_effective_weight_by_the_scale(kind: str) -> None:
    make, shape, inputs = LAYERS[kind]
    layer = make()
    assert layer.scale == pytest.approx(sqrt(2 / inputs))
    before = layer.scale * layer.weight.detach().clone()
    layer(torch.randn(shape)).square().sum().backward()
    torch.optim.Adam(layer.parameters(), lr=0.01).step()
    moved = (layer.scale * layer.weight - before).abs()
    assert_close(moved, torch.full_like(moved, 0.01 * sqrt(2 / inputs)), rtol=1e-2, atol=0)
