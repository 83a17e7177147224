"""Resampling by two: against torch, on constant images, ramps and stripes, and second derivatives."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.testing import assert_close

from gan.nn.resampling import Blur, Downsample, Upsample

LAYERS = [Upsample, Downsample, Blur]


def test_upsampling_is_bilinear() -> None:
    images = torch.randn(2, 3, 7, 10)
    assert_close(Upsample()(images), F.interpolate(images, scale_factor=2, mode="bilinear"))


def test_downsampling_is_bilinear_with_antialiasing() -> None:
    images = torch.randn(2, 3, 14, 10)
    assert_close(Downsample()(images), F.interpolate(images, scale_factor=0.5, mode="bilinear", antialias=True))


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_a_constant_image_stays_constant(layer: type[nn.Module], precision: torch.dtype) -> None:
    images = torch.full((2, 3, 8, 8), 0.75, dtype=precision)
    resampled = layer()(images)
    assert resampled.dtype == precision
    assert_close(resampled, torch.full_like(resampled, 0.75))


def test_a_ramp_is_upsampled_to_a_ramp_and_restored() -> None:
    ramp = torch.arange(8.0).expand(1, 1, 8, 8)
    fine = Upsample()(ramp)
    assert_close(fine[0, 0, 0, 1:-1], torch.arange(14) / 2 + 0.25)
    assert_close(Downsample()(fine)[..., 2:-2], ramp[..., 2:-2])


def test_the_finest_stripes_are_averaged_out() -> None:
    stripes = torch.tensor([1.0, -1.0]).repeat(4).expand(1, 1, 8, 8)
    assert_close(Downsample()(stripes)[..., 1:-1], torch.zeros(1, 1, 4, 2))


@pytest.mark.parametrize("layer", LAYERS)
def test_second_derivatives(layer: type[nn.Module]) -> None:
    resample = layer().double()

    def cubed(images: Tensor) -> Tensor:
        return resample(images) ** 3

    images = torch.randn(1, 2, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(cubed, (images,))
    assert torch.autograd.gradgradcheck(cubed, (images,))


def test_blurring_with_half_of_the_pixels_is_downsampling_inside() -> None:
    images = torch.randn(2, 3, 8, 8)
    assert_close(Blur()(images)[..., ::2, ::2][..., 1:-1, 1:-1], Downsample()(images)[..., 1:-1, 1:-1])


@pytest.mark.parametrize(("padding", "size"), [(0, 5), (1, 7), (2, 9)])
def test_the_size_of_blurred_images(padding: int, size: int) -> None:
    images = Blur(padding, gain=4)(torch.ones(1, 2, 8, 8))
    assert_close(images, torch.full((1, 2, size, size), 4.0))
