"""Modulated convolution: against its formula, fused against shared, and the scale of its outputs."""

import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from gan.nn.modulation import ModulatedConv2d, leaky_relu


@pytest.mark.parametrize("demodulate", [True, False])
def test_it_is_the_convolution_with_modulated_weights(demodulate: bool) -> None:
    layer = ModulatedConv2d(3, 4, 3, 5, demodulate=demodulate).double()
    inputs, w = torch.randn(2, 3, 6, 6).double(), torch.randn(2, 5).double()
    outputs = layer(inputs, w)
    for image, style, output in zip(inputs, layer.style(w), outputs, strict=True):
        weight = layer.scale * layer.weight * style[:, None, None]
        if demodulate:
            weight = weight / (weight.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt()
        assert_close(output, F.conv2d(image[None], weight, padding=1)[0])


@pytest.mark.parametrize("scale", [1e-2, 1.0, 1e3])
@pytest.mark.parametrize("upsample", [False, True])
def test_outputs_have_deviation_one_whatever_the_style(scale: float, upsample: bool) -> None:
    torch.manual_seed(0)
    layer = ModulatedConv2d(64, 64, 3, 8, upsample=upsample)
    layer.style.weight.data *= scale
    layer.style.bias.data *= scale
    outputs = layer.convolve_unblurred(torch.randn(16, 64, 16, 16), torch.randn(16, 8))
    inner = outputs[..., 1::2, 1::2] if upsample else outputs[..., 1:-1, 1:-1]  # one tap in four, and all of them
    expected = 1 / 3 if upsample else 1.0
    assert inner.std().item() == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("kernel_size", [1, 3])
@pytest.mark.parametrize("demodulate", [True, False])
@pytest.mark.parametrize("upsample", [True, False])
def test_fused_is_equal_to_shared(kernel_size: int, demodulate: bool, upsample: bool) -> None:
    if upsample and kernel_size == 1:
        pytest.skip("only 3x3 convolutions double the resolution")
    layer = ModulatedConv2d(3, 4, kernel_size, 5, demodulate, upsample).double()
    twin = ModulatedConv2d(3, 4, kernel_size, 5, demodulate, upsample, fused=True).double()
    twin.load_state_dict(layer.state_dict())
    inputs, w = torch.randn(2, 3, 6, 6).double(), torch.randn(2, 5).double()
    shared, fused = layer(inputs, w), twin(inputs, w)
    assert shared.shape == (2, 4, 12, 12) if upsample else (2, 4, 6, 6)
    assert_close(fused, shared)
    shared.square().sum().backward()
    fused.square().sum().backward()
    assert_close([p.grad for p in twin.parameters()], [p.grad for p in layer.parameters()])


def test_upsampling_keeps_a_constant_image_constant() -> None:
    layer = ModulatedConv2d(1, 1, 3, 2, demodulate=False, upsample=True)
    layer.weight.data.fill_(1.0)
    outputs = layer(torch.ones(1, 1, 6, 6), torch.zeros(1, 2))
    inner = outputs[..., 3:-3, 3:-3]
    assert_close(inner, inner.mean().expand_as(inner))


def test_leaky_relu_is_scaled_by_the_root_of_two() -> None:
    assert_close(leaky_relu(torch.tensor([1.0, -1.0])), torch.tensor([2.0, 0.08]).sqrt() * torch.tensor([1.0, -1.0]))
