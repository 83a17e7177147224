"""Residual block of R3GAN: initial identity, scale of its branch, convolutions, derivatives."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from gan.nn.bottleneck import Bottleneck


def last_convolution(block: Bottleneck) -> nn.Conv2d:
    layer = block.branch[-1]
    assert isinstance(layer, nn.Conv2d)
    return layer


def test_it_starts_as_a_trainable_identity() -> None:
    block = Bottleneck(8, branches=3, cardinality=2)
    images = torch.randn(2, 8, 5, 5)
    assert torch.equal(block(images), images)
    block(images).square().sum().backward()
    gradient = last_convolution(block).weight.grad
    assert gradient is not None
    assert gradient.abs().max() > 0


@pytest.mark.parametrize("branches", [1, 4, 16])
def test_the_initial_mean_square_of_a_branch_is_one_over_the_number_of_branches(branches: int) -> None:
    """Two layers, each with L^(-1/4) times the gain that preserves the mean square."""
    torch.manual_seed(0)
    block = Bottleneck(64, branches, expansion=4, cardinality=2)
    images = torch.randn(8, 64, 32, 32)
    hidden = block.branch[:-1](images)[..., 1:-1, 1:-1]  # without the border, where the input is padded with zeros
    assert hidden.square().mean().item() == pytest.approx(1 / branches, rel=0.1)


def test_convolutions_match_the_paper() -> None:
    convolutions = [layer for layer in Bottleneck(12, 1, 2, 3).branch if isinstance(layer, nn.Conv2d)]
    shapes = [(*layer.weight.shape, layer.groups, layer.bias is not None) for layer in convolutions]
    assert shapes == [(24, 12, 1, 1, 1, True), (24, 8, 3, 3, 3, True), (12, 24, 1, 1, 1, False)]


def test_second_derivatives() -> None:
    torch.manual_seed(0)
    block = Bottleneck(2, branches=1, cardinality=2).double()
    nn.init.normal_(last_convolution(block).weight)
    images = torch.randn(1, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(block, (images,))
    assert torch.autograd.gradgradcheck(lambda x: block(x) ** 2, (images,))


def test_invalid_arguments() -> None:
    with pytest.raises(ValueError, match="cardinality=3 must divide"):
        Bottleneck(8, 1, 2, 3)


def test_images_keep_their_shape() -> None:
    images = torch.randn(2, 6, 4, 4)
    assert_close(Bottleneck(6, 1)(images).shape, images.shape)
