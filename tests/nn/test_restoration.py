"""Networks of super-resolution and inpainting: sizes, parameters, and first outputs."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from gan.nn.context_encoder import ContextEncoder
from gan.nn.initialization import icnr
from gan.nn.srresnet import SRResNet
from gan.nn.super_resolution_discriminator import SuperResolutionDiscriminator
from gan.nn.upsampling import Upsampling, upsampling
from tests.nn.test_translation import parameters


def test_numbers_of_parameters_are_those_of_the_paper_s_networks() -> None:
    """Counted by hand from the paper's Figure 4, with the biases that a norm subtracts."""
    with torch.device("meta"):
        generator = SRResNet((3, 24, 24), (3, 96, 96))
        assert parameters(generator) + 33 * 64 == 1_549_462
        discriminator = SuperResolutionDiscriminator((3, 96, 96))
        assert parameters(discriminator) + 64 + 2 * (128 + 256 + 512) == 23_565_505


@pytest.mark.parametrize("kind", ["pixel_shuffle", "resize", "transposed"])
@pytest.mark.parametrize("scale", [2, 4, 8])
def test_images_are_enlarged(kind: Upsampling, scale: int) -> None:
    source, image = (3, 6, 10), (3, 6 * scale, 10 * scale)
    network = SRResNet(source, image, width=4, blocks=1, upsampling=kind)
    assert network(None, None, torch.randn(2, *source)).shape == (2, *image)
    assert network(None, None, torch.randn(2, 3, 7, 5)).shape == (2, 3, 7 * scale, 5 * scale), "any size fits"


def test_training_can_start_with_the_bicubic_enlargement() -> None:
    network = SRResNet((3, 8, 8), (3, 32, 32), width=4, blocks=1, base="bicubic")
    source = torch.randn(2, 3, 8, 8)
    difference = network(None, None, source) - torch.nn.functional.interpolate(source, (32, 32), mode="bicubic")
    assert network.last.bias is not None
    assert_close(difference, network.last.bias.view(3, 1, 1).expand_as(difference))
    with pytest.raises(ValueError, match="base=bicubic needs as many channels"):
        SRResNet((1, 8, 8), (3, 32, 32), base="bicubic")


@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
@pytest.mark.parametrize(("height", "width"), [(28, 28), (32, 48)])
def test_context_encoder_keeps_the_size(norm: str, height: int, width: int) -> None:
    network = ContextEncoder((2, height, width), (1, height, width), width=4, bottleneck=8, norm=norm)
    assert network(None, None, torch.randn(2, 2, height, width)).shape == (2, 1, height, width)
    assert network.divisor == {28: 4, 32: 8}[height]


def test_an_output_of_the_context_encoder_depends_on_all_of_the_source() -> None:
    network = ContextEncoder((2, 32, 32), (1, 32, 32), width=4, bottleneck=8, norm="none").double()
    source = torch.randn(1, 2, 32, 32, dtype=torch.float64, requires_grad=True)
    network(None, None, source)[0, 0, 31, 31].backward()
    assert source.grad is not None
    assert source.grad.abs().sum(1).count_nonzero() == 32 * 32


def test_sizes_that_do_not_fit_name_the_divisor() -> None:
    with pytest.raises(ValueError, match="2, 4 or 8 times as high and wide as the source, not 64x64 for 21x21"):
        SRResNet((3, 21, 21), (3, 64, 64))
    with pytest.raises(ValueError, match="levels=4 needs images of at least 16 pixels a side, not 12x64"):
        SuperResolutionDiscriminator((3, 12, 64))
    with pytest.raises(ValueError, match="multiples of 8, not 28x28"):
        ContextEncoder((2, 28, 28), (1, 28, 28), depth=3)
    with pytest.raises(ValueError, match="multiples of 2, not 27x28"):
        ContextEncoder((2, 27, 28), (1, 27, 28))


@pytest.mark.parametrize(("height", "width"), [(28, 28), (37, 50)])
def test_discriminator_takes_any_size(height: int, width: int) -> None:
    network = SuperResolutionDiscriminator((3, height, width), width=2, units=8)
    output = network(torch.randn(2, 3, height, width))
    assert output.logits.shape == (2,)
    assert output.features.shape == (2, 8)


def test_sub_pixel_convolutions_can_start_without_checkerboards() -> None:
    torch.manual_seed(0)
    layer = upsampling("pixel_shuffle", 3, 2)
    assert isinstance(layer, nn.Sequential)
    inputs = torch.randn(1, 3, 5, 4)

    def squares() -> torch.Tensor:
        return layer(inputs).unflatten(2, (5, 2)).unflatten(4, (4, 2))

    assert not torch.equal(squares()[:, :, :, 0], squares()[:, :, :, 1])
    icnr(layer[0])
    assert torch.equal(squares()[:, :, :, 0], squares()[:, :, :, 1])
    assert torch.equal(squares()[..., 0], squares()[..., 1])
