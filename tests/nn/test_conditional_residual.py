"""Residual blocks of BigGAN-deep: bottlenecks, and shortcuts that drop or append channels."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.testing import assert_close

from gan.nn.conditional_residual import DeepDownBlock, DeepGeneratorBlock


def convolutions(block: nn.Module) -> list[nn.Conv2d]:
    return [layer for layer in block.modules() if isinstance(layer, nn.Conv2d)]


def zero(block: nn.Module, layer: nn.Conv2d) -> None:
    """Set a convolution to zero, which leaves the shortcut."""
    assert layer in convolutions(block)
    nn.init.zeros_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)


def repeated(images: Tensor) -> Tensor:
    return images.repeat_interleave(2, 2).repeat_interleave(2, 3)


@pytest.mark.parametrize("doubles", [False, True])
def test_a_generator_block_drops_channels(doubles: bool) -> None:
    block = DeepGeneratorBlock(8, 4, 3, False, doubles)
    inputs, condition = torch.randn(5, 8, 6, 6), torch.randn(5, 3)
    assert [(c.in_channels, c.out_channels, c.kernel_size[0]) for c in convolutions(block)] == [
        (8, 2, 1),
        (2, 2, 3),
        (2, 2, 3),
        (2, 4, 1),
    ]
    output = block(inputs, condition)
    assert output.shape == (5, 4, 12, 12) if doubles else (5, 4, 6, 6)
    zero(block, convolutions(block)[-1])
    kept = inputs[:, :4]
    assert_close(block(inputs, condition), repeated(kept) if doubles else kept)
    assert not torch.equal(output, block(inputs, condition))


def test_the_condition_reaches_each_of_four_norms() -> None:
    block = DeepGeneratorBlock(8, 8, 3, False, doubles=False)
    block(torch.randn(5, 8, 6, 6), torch.randn(5, 3)).square().sum().backward()
    gradients = [p.grad for name, p in block.named_parameters() if "scale" in name or "shift" in name]
    assert len(gradients) == 8
    assert all(gradient is not None and gradient.any() for gradient in gradients)


@pytest.mark.parametrize("halves", [False, True])
@pytest.mark.parametrize("outputs", [4, 8])
def test_a_discriminator_block_appends_convolved_channels(halves: bool, outputs: int) -> None:
    torch.manual_seed(0)  # the one hidden channel of four outputs may be zero everywhere
    block = DeepDownBlock(4, outputs, False, halves)
    inputs = torch.randn(5, 4, 6, 6)
    before = inputs.clone()
    output = block(inputs)
    assert torch.equal(inputs, before), "ReLU must not change the shortcut"
    branch = [layer for layer in block.branch if isinstance(layer, nn.Conv2d)]
    hidden = outputs // 4
    assert [(c.in_channels, c.out_channels, c.kernel_size[0]) for c in branch] == [
        (4, hidden, 1),
        (hidden, hidden, 3),
        (hidden, hidden, 3),
        (hidden, outputs, 1),
    ]
    zero(block, branch[-1])
    pooled = F.avg_pool2d(inputs, 2) if halves else inputs
    shortcut = block(inputs)
    assert_close(shortcut[:, :4], pooled)
    if outputs > 4:
        assert block.appended is not None
        assert_close(shortcut[:, 4:], block.appended(pooled))
    else:
        assert block.appended is None
    assert not torch.equal(output, shortcut)
