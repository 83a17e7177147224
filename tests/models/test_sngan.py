"""SNGAN's networks: published channels, other sizes, features, spectral norm, packing."""

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize

from gan.models.sngan import Discriminator, Generator
from gan.nn.layers import Norm
from gan.nn.residual import Residual


def convolutions(network: nn.Module) -> list[tuple[int, int, int]]:
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    return [(layer.in_channels, layer.out_channels, layer.kernel_size[0]) for layer in layers]


def test_channels_are_the_published_ones() -> None:
    """Miyato et al. (2018), Table 4: three doublings from 4x4x256, and four blocks of 128 channels."""
    with torch.device("meta"):
        generator = Generator((3, 32, 32), 128, width=256)
        discriminator = Discriminator((3, 32, 32), width=128, spectral_norm=False)
    up = [(256, 256, 3), (256, 256, 3), (256, 256, 1)]
    assert convolutions(generator) == [*up, *up, *up, (256, 3, 3)]
    first, down = [(3, 128, 3), (128, 128, 3), (3, 128, 1)], [(128, 128, 3), (128, 128, 3), (128, 128, 1)]
    assert convolutions(discriminator) == [*first, *down, *down[:2], *down[:2]]
    assert (
        sum(p.numel() for p in generator.parameters())
        == 128 * 4096
        + 4096
        + 3 * (2 * (9 * 256 * 256 + 256) + 256 * 256 + 256 + 2 * 2 * 256)
        + 2 * 256
        + 9 * 256 * 3
        + 3
    )


@pytest.mark.parametrize(
    ("size", "ups", "downs"),
    [
        (20, [10, 20], [10, 5, 5, 5]),
        (28, [14, 28], [14, 7, 7, 7]),
        (32, [8, 16, 32], [16, 8, 8, 8]),
        (48, [12, 24, 48], [24, 12, 6, 6, 6]),
        (64, [8, 16, 32, 64], [32, 16, 8, 8, 8]),
    ],
)
@pytest.mark.parametrize("norm", ["batch", "instance", "layer", "none"])
@pytest.mark.parametrize("spectral_norm", [False, True])
def test_sizes(size: int, ups: list[int], downs: list[int], norm: Norm, spectral_norm: bool) -> None:
    shape, common = (3, size, size), {"width": 4, "norm": norm, "spectral_norm": spectral_norm}
    generator, discriminator = Generator(shape, 10, **common), Discriminator(shape, **common)
    seen = {generator: list[int](), discriminator: list[int]()}
    for network, sizes in seen.items():
        for block in network.modules():
            if isinstance(block, Residual):
                block.register_forward_hook(lambda _, __, output, sizes=sizes: sizes.append(output.shape[-1]))
    images = generator(torch.randn(3, 10))
    output = discriminator(images)
    assert seen[generator] == generator.sizes == ups
    assert seen[discriminator] == discriminator.sizes == downs
    assert images.shape == (3, *shape)
    assert images.abs().max() <= 1
    assert output.logits.shape == (3,)
    assert output.features.shape == (3, 4)
    output.logits.square().sum().backward()
    for network in (generator, discriminator):
        assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


def test_features_are_sums_over_positions() -> None:
    discriminator = Discriminator((1, 28, 28), width=4)
    maps: list[torch.Tensor] = []
    discriminator.activation.register_forward_hook(lambda _, __, output: maps.append(output))
    output = discriminator(torch.randn(2, 1, 28, 28))
    assert maps[0].min() >= 0
    torch.testing.assert_close(output.features, maps[0].flatten(2).sum(2))


def test_spectral_norm_is_on_every_layer() -> None:
    torch.manual_seed(0)
    discriminator = Discriminator((1, 28, 28), width=8)
    layers = [layer for layer in discriminator.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    assert len(layers) == 2 * 4 + 2 + 1  # of four blocks, two shortcuts, and the last
    assert all(parametrize.is_parametrized(layer, "weight") for layer in layers)
    for _ in range(100):
        discriminator(torch.randn(1, 1, 28, 28))  # each forward pass is one power iteration
    norms = [torch.linalg.matrix_norm(layer.weight.flatten(1), 2) for layer in layers]
    torch.testing.assert_close(torch.stack(norms), torch.ones(len(norms)), atol=2e-2, rtol=0)


def test_packing_multiplies_the_input_channels() -> None:
    assert Discriminator((1, 28, 28), width=4, packing=2)(torch.randn(5, 2, 28, 28)).logits.shape == (5,)


def test_invalid_sizes_name_the_nearest() -> None:
    for network in (Generator, Discriminator):
        with pytest.raises(ValueError, match="28 and 32"):
            network((1, 30, 30), width=4)
