"""Residual blocks: shapes and shortcuts."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.testing import assert_close

from gan.nn.residual import Residual, down_block, first_block, plain_block, up_block

Make = Callable[..., Residual]


@pytest.mark.parametrize(("make", "size"), [(up_block, 12), (down_block, 3), (first_block, 3), (plain_block, 6)])
@pytest.mark.parametrize("norm", ["batch", "none"])
@pytest.mark.parametrize("spectral_norm", [False, True])
@pytest.mark.parametrize(("inputs", "outputs"), [(4, 6), (4, 4)])
def test_shapes(make: Make, size: int, norm: str, spectral_norm: bool, inputs: int, outputs: int) -> None:
    block = make(inputs, outputs, norm, spectral_norm)
    assert block(torch.randn(2, inputs, 6, 6)).shape == (2, outputs, size, size)


@pytest.mark.parametrize(
    ("make", "resized"),
    [
        (up_block, lambda x: F.interpolate(x, scale_factor=2)),
        (down_block, lambda x: F.avg_pool2d(x, 2)),
        (first_block, lambda x: F.avg_pool2d(x, 2)),
    ],
)
def test_the_shortcut_convolves_the_resized_input(make: Make, resized: Callable[..., object]) -> None:
    """The paper convolves at the higher resolution; the result is the same."""
    torch.manual_seed(0)
    block = make(4, 6, "batch", False)
    for layer in block.branch.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.zeros_(layer.weight)
    (convolution,) = [layer for layer in block.shortcut.modules() if isinstance(layer, nn.Conv2d)]
    nn.init.normal_(convolution.bias)
    x = torch.randn(2, 4, 6, 6)
    assert_close(block(x), convolution(resized(x)))


def test_the_input_is_not_changed_in_place() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 4, 6, 6)
    for make in (up_block, down_block, first_block, plain_block):
        original = x.clone()
        make(4, 4, "none", False)(x)
        assert torch.equal(x, original)


def test_an_identity_shortcut_has_no_weights() -> None:
    assert not list(plain_block(4, 4, "none", True).shortcut.parameters())
    assert list(plain_block(4, 5, "none", True).shortcut.parameters())
