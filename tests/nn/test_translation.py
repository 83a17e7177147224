"""Networks from images to images, and the discriminator of patches: sizes, parameters and receptive fields."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from gan.nn.patch_discriminator import PatchDiscriminator
from gan.nn.residual_translator import ResidualTranslator
from gan.nn.unet import UNet
from gan.nn.upsampling import Upsampling, upsampling

PHOTO = (3, 256, 256)


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_numbers_of_parameters_are_those_of_the_authors() -> None:
    """The authors' residual network also has biases before its norms, which subtract them."""
    with torch.device("meta"):
        assert parameters(UNet(PHOTO, PHOTO, norm="batch")) == 54_414_531
        assert parameters(PatchDiscriminator(PHOTO, 3, norm="batch")) == 2_768_705
        network = ResidualTranslator(PHOTO, PHOTO)
        unused = 128 + 256 + 18 * 256 + 128 + 64 + 64
    assert parameters(network) + unused == 11_378_179


@pytest.mark.parametrize("kind", ["transposed", "resize"])
@pytest.mark.parametrize(("source", "image"), [((3, 64, 64), (1, 64, 64)), ((1, 24, 40), (2, 24, 40))])
def test_translators_keep_the_size(kind: Upsampling, source: tuple[int, int, int], image: tuple[int, int, int]) -> None:
    images = torch.randn(2, *source)
    unet = UNet(source, image, width=4, upsampling=kind)
    assert unet(None, None, images).shape == (2, *image)
    assert ResidualTranslator(source, image, width=4, blocks=1, upsampling=kind)(images).shape == (2, *image)


def test_sizes_that_do_not_fit_name_the_divisor() -> None:
    with pytest.raises(ValueError, match="multiples of 16, not 24x40"):
        UNet((3, 24, 40), (3, 24, 40), depth=4)
    with pytest.raises(ValueError, match="multiples of 2, not 31x32"):
        UNet((3, 31, 32), (3, 31, 32))
    with pytest.raises(ValueError, match="a multiple of 4"):
        ResidualTranslator((3, 30, 32), (3, 30, 32))
    with pytest.raises(ValueError, match="n_layers=3 needs images of at least 24 pixels a side"):
        PatchDiscriminator((3, 16, 64))


def test_dropout_masks_multiply_the_innermost_blocks() -> None:
    unet = UNet((1, 32, 32), (1, 32, 32), width=4).eval()
    images = torch.randn(2, 1, 32, 32)
    assert unet.dropout_shapes == {"dropout_1": (32, 2, 2), "dropout_2": (16, 4, 4), "dropout_3": (8, 8, 8)}
    ones = {name: torch.ones(2, *shape) for name, shape in unet.dropout_shapes.items()}
    assert_close(unet(None, None, images, ones), unet(None, None, images))
    for name in ones:
        masked = unet(None, None, images, ones | {name: torch.zeros_like(ones[name])})
        assert not torch.allclose(masked, unet(None, None, images))


@pytest.mark.parametrize(("n_layers", "field"), [(1, 16), (2, 34), (3, 70)])
def test_a_logit_depends_on_its_receptive_field(n_layers: int, field: int) -> None:
    network = PatchDiscriminator((1, 96, 96), width=2, n_layers=n_layers, norm="none").double()
    assert network.receptive_field == field
    image = torch.randn(1, 1, 96, 96, dtype=torch.float64, requires_grad=True)
    logits = network(image).logits
    middle = logits.shape[2] // 2
    logits[0, 0, middle, middle].backward()
    assert image.grad is not None
    rows = image.grad[0, 0].abs().sum(1).nonzero().flatten()
    assert int(rows[-1] - rows[0]) + 1 == field


def test_a_resized_constant_has_no_checkerboard() -> None:
    """Away from the border; a transposed convolution of kernel 3 has one."""
    spread = {}
    for kind in ("transposed", "resize"):
        torch.manual_seed(0)
        output = upsampling(kind, 1, 1, kernel=3)(torch.ones(1, 1, 8, 8))[0, 0, 2:-2, 2:-2]
        spread[kind] = float(output.detach().std())
    assert spread["resize"] < 1e-6 < spread["transposed"]
