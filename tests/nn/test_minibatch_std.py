"""Minibatch standard deviation: definition, groups, parts of a batch, derivatives, half precision."""

import pytest
import torch
from torch.testing import assert_close

from gan.nn.minibatch_std import MinibatchStd


def test_definition() -> None:
    x = torch.randn(8, 3, 2, 2)
    y = MinibatchStd()(x)
    assert y.shape == (8, 4, 2, 2)
    assert torch.equal(y[:, :3], x)
    for group in (slice(0, 4), slice(4, 8)):
        std = x[group].std(0, correction=0).mean()
        assert_close(y[group, 3], std.expand(4, 2, 2))


@pytest.mark.parametrize("batch", [2, 3, 5, 6, 7, 9, 21, 22, 23])
def test_groups_are_even_and_have_two_images_or_more(batch: int) -> None:
    channel = MinibatchStd()(torch.randn(batch, 3, 2, 2))[:, 3, 0, 0]
    assert channel.min() > 0.1
    sizes = channel.unique_consecutive(return_counts=True)[1].tolist()
    assert len(sizes) == -(-batch // 4)
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("parts", [2, 4])
def test_parts_of_a_batch_get_the_values_of_the_whole(parts: int) -> None:
    x, layer = torch.randn(16, 3, 2, 2), MinibatchStd()
    assert_close(torch.cat([layer(part) for part in x.chunk(parts)]), layer(x))


def test_equal_images_have_finite_first_and_second_derivatives() -> None:
    x = torch.ones(4, 2, 1, 1, requires_grad=True)
    (first,) = torch.autograd.grad(MinibatchStd()(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.square().sum(), x)
    assert first.isfinite().all()
    assert second.isfinite().all()


def test_half_precision_keeps_small_differences() -> None:
    torch.manual_seed(0)
    x = (1 + 0.02 * torch.randn(4, 64, 4, 4)).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        y = MinibatchStd()(x)
    assert y.dtype == torch.bfloat16
    assert y[0, 64, 0, 0].item() == pytest.approx(x.float().std(0, correction=0).mean().item(), rel=0.01)
