"""U-Net of diffusion models: shapes, the embedding of steps, and what an output depends on."""

import pytest
import torch
from torch.testing import assert_close

from gan.nn.denoising_unet import DenoisingUNet, group_norm, sinusoidal_embedding


def trained_like(network: DenoisingUNet) -> DenoisingUNet:
    """Give all weights that start at zero random values."""
    torch.manual_seed(0)
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.2)
    return network


@pytest.mark.parametrize(
    ("shape", "patch", "halvings"), [((1, 28, 28), 2, 1), ((3, 8, 12), 1, 2), ((2, 16, 16), 4, 2), ((1, 6, 6), 3, 1)]
)
def test_the_output_has_the_shape_of_the_images(shape: tuple[int, int, int], patch: int, halvings: int) -> None:
    network = trained_like(DenoisingUNet(shape, width=8, patch=patch, halvings=halvings))
    images = torch.randn(3, *shape)
    output = network(images, torch.tensor([0, 5, 999]))
    assert output.shape == images.shape
    assert_close(network(images[1:], torch.tensor([5, 999])), output[1:], rtol=1e-4, atol=1e-5)


def test_the_first_prediction_is_zero() -> None:
    network = DenoisingUNet((1, 8, 8), width=8)
    assert not network(torch.randn(2, 1, 8, 8), torch.tensor([3, 4])).any()


def test_the_output_depends_on_the_step_and_on_all_pixels() -> None:
    network = trained_like(DenoisingUNet((1, 8, 8), width=8)).double()
    images = torch.randn(1, 1, 8, 8, dtype=torch.float64, requires_grad=True)
    early, late = (network(images, torch.tensor([step])) for step in (10, 500))
    assert (early - late).abs().max() > 1e-3
    (gradient,) = torch.autograd.grad(early[0, 0, 0, 0], images)
    assert gradient.all(), "through self-attention"


def test_the_embedding_has_sines_and_cosines_of_falling_frequencies() -> None:
    steps = torch.tensor([0, 3])
    frequencies = torch.tensor([1.0, 0.01])  # 10,000^(-1 / 2)
    angles = steps[:, None] * frequencies
    assert_close(sinusoidal_embedding(steps, 4), torch.cat([angles.sin(), angles.cos()], 1))
    odd = sinusoidal_embedding(steps, 5)
    assert_close(odd[:, :4], sinusoidal_embedding(steps, 4))
    assert not odd[:, 4].any()


def test_groups_have_eight_channels() -> None:
    assert [group_norm(channels).num_groups for channels in (4, 8, 32, 36)] == [1, 1, 4, 1]


@pytest.mark.parametrize(("patch", "halvings"), [(3, 1), (2, 2), (8, 1)])
def test_sizes_that_do_not_fit_are_rejected(patch: int, halvings: int) -> None:
    with pytest.raises(ValueError, match="lower patch or halvings"):
        DenoisingUNet((1, 28, 20), width=8, patch=patch, halvings=halvings + 1)
