"""Self-attention: the paper's equations, initial identity, second derivatives, half precision."""

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from gan.nn.attention import SelfAttention, max_pool


def make(channels: int = 16, gamma: float = 0.7, spectral_norm: bool = False) -> SelfAttention:
    torch.manual_seed(0)
    layer = SelfAttention(channels, spectral_norm)
    torch.nn.init.constant_(layer.gamma, gamma)
    return layer


@pytest.mark.parametrize("size", [(4, 6), (3, 5)])
def test_equations_1_to_3(size: tuple[int, int]) -> None:
    layer, x = make(), torch.randn(2, 16, *size)
    keys, values = max_pool(layer.key(x)).flatten(2), max_pool(layer.value(x)).flatten(2)
    assert keys.shape == (2, 2, -(-size[0] // 2) * -(-size[1] // 2))
    assert values.shape[1] == 8
    result = layer(x)
    for image in range(2):
        for row in range(size[0]):
            for column in range(size[1]):
                query = layer.query(x)[image, :, row, column]
                scores = torch.stack([key @ query for key in keys[image].T])
                weights = scores.exp() / scores.exp().sum()  # Eq. 1
                attended = sum((w * v for w, v in zip(weights, values[image].T, strict=True)), torch.zeros(8))
                output = layer.output(attended[None, :, None, None]).flatten()  # Eq. 2
                assert_close(result[image, :, row, column], 0.7 * output + x[image, :, row, column])  # Eq. 3


def test_it_starts_as_the_identity_and_learns() -> None:
    layer, x = SelfAttention(8), torch.randn(2, 8, 4, 4)
    assert torch.equal(layer(x), x)
    layer(x).square().sum().backward()
    assert layer.gamma.grad is not None
    assert layer.gamma.grad != 0
    for parameter in layer.parameters():
        assert parameter.grad is not None
        assert parameter.grad.isfinite().all()


def test_equal_keys_give_uniform_attention() -> None:
    layer, x = make(), torch.randn(2, 16, 4, 4)
    weights = layer.attention(x)
    assert weights.shape == (2, 16, 4)
    assert_close(weights.sum(2), torch.ones(2, 16))
    assert weights.std(2).min() > 0
    for parameter in layer.key.parameters():
        torch.nn.init.zeros_(parameter)
    assert_close(layer.attention(x), torch.full((2, 16, 4), 0.25))


@pytest.mark.parametrize("spectral_norm", [False, True])
def test_second_derivatives(spectral_norm: bool) -> None:
    layer = make(8, spectral_norm=spectral_norm).double().eval()  # in training each call is a power iteration

    def penalty(x: Tensor) -> Tensor:
        (gradient,) = torch.autograd.grad(layer(x).square().sum(), x, create_graph=True)
        return gradient.square().sum()

    x = torch.randn(1, 8, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(penalty, (x,))
    penalty(x).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in layer.parameters())


def test_half_precision_is_close() -> None:
    layer, x = make(), torch.randn(2, 16, 8, 8)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = layer(x)
    assert_close(half.float(), layer(x), atol=0.1, rtol=0.05)
