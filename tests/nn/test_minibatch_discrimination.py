"""Minibatch discrimination: the paper's sum as a loop, collapsed and distant images, derivatives, half precision."""

import torch
from torch.testing import assert_close

from gan.nn.minibatch_discrimination import MinibatchDiscrimination


def test_against_a_loop_over_pairs_and_kernels() -> None:
    torch.manual_seed(0)
    layer, x = MinibatchDiscrimination(6, kernels=3, kernel_dim=2), torch.randn(5, 6)
    y = layer(x)
    assert y.shape == (5, 6 + 3)
    assert torch.equal(y[:, :6], x)
    for i in range(5):
        for k in range(3):
            projections = x @ layer.weight[:, k]
            similarity = sum(torch.exp(-(projections[i] - projections[j]).abs().sum()) for j in range(5))
            assert_close(y[i, 6 + k], similarity)


def test_similarities_count_equal_images_and_leave_out_distant_ones() -> None:
    torch.manual_seed(0)
    layer = MinibatchDiscrimination(4, kernels=7)
    images = 1e4 * torch.randn(2, 4)
    similarity = layer(images[[0, 0, 0, 1]])[:, 4:]
    assert torch.equal(similarity, torch.tensor([3.0, 3.0, 3.0, 1.0])[:, None].expand(-1, 7))


def test_first_and_second_derivatives() -> None:
    torch.manual_seed(0)
    layer = MinibatchDiscrimination(3, kernels=2, kernel_dim=2)
    x = torch.randn(4, 3, requires_grad=True)
    (first,) = torch.autograd.grad(layer(x)[:, 3:].square().sum(), x, create_graph=True)
    step = 1e-2 * torch.randn(4, 3)
    numerical = (layer(x + step)[:, 3:].square().sum() - layer(x - step)[:, 3:].square().sum()) / 2
    assert_close((first * step).sum(), numerical, rtol=1e-3, atol=1e-4)
    first.square().sum().backward()
    assert layer.weight.grad is not None
    assert layer.weight.grad.isfinite().all()
    equal = torch.ones(4, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(layer(equal).sum(), equal)
    assert gradient.isfinite().all()


def test_half_precision_keeps_small_differences() -> None:
    torch.manual_seed(0)
    layer, x = MinibatchDiscrimination(64, kernels=4), (1 + 0.02 * torch.randn(4, 64)).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        y = layer(x)
    assert y.dtype == torch.bfloat16
    assert_close(y.float(), layer(x.float()), rtol=0.01, atol=0)
