"""Layers with an equalised learning rate: initial weights, scale of outputs and of optimiser steps."""

from collections.abc import Callable
from functools import partial
from math import sqrt

import pytest
import torch
from torch.testing import assert_close

from gan.nn.equalized import EqualizedConv2d, EqualizedLinear

Make = Callable[..., EqualizedConv2d | EqualizedLinear]
LAYERS: dict[str, tuple[Make, tuple[int, ...], int]] = {
    "linear": (partial(EqualizedLinear, 200, 300), (400, 200), 200),
    "convolution": (partial(EqualizedConv2d, 32, 64, 3, padding=1), (8, 32, 12, 12), 9 * 32),
}


@pytest.mark.parametrize("kind", LAYERS)
def test_weights_are_standard_normal_and_outputs_have_the_gain(kind: str) -> None:
    torch.manual_seed(0)
    make, shape, _ = LAYERS[kind]
    layer = make(gain=1.0)
    assert layer.weight.std().item() == pytest.approx(1, rel=0.05)
    assert layer.bias is not None
    assert not layer.bias.any()
    outputs = layer(torch.randn(shape))
    inner = outputs if outputs.dim() == 2 else outputs[:, :, 1:-1, 1:-1]
    assert inner.std().item() == pytest.approx(1, rel=0.05)
    assert_close(make(gain=3.0).scale, 3 * layer.scale)


@pytest.mark.parametrize("kind", LAYERS)
def test_an_adam_step_changes_each_effective_weight_by_the_scale(kind: str) -> None:
    make, shape, inputs = LAYERS[kind]
    layer = make()
    assert layer.scale == pytest.approx(sqrt(2 / inputs))
    before = layer.scale * layer.weight.detach().clone()
    layer(torch.randn(shape)).square().sum().backward()
    torch.optim.Adam(layer.parameters(), lr=0.01).step()
    change = (layer.scale * layer.weight - before).abs()
    assert_close(change, torch.full_like(change, 0.01 * sqrt(2 / inputs)), rtol=1e-2, atol=0)
