"""Networks of DCGAN and MLP GAN: shapes, gradients, saved weights, initial weights, options."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from gan.models import dcgan, infogan, mlp_gan
from gan.nn.layers import Maxout, Norm

SHAPES = [(1, 28, 28), (3, 32, 32), (1, 48, 48), (3, 64, 64), (3, 128, 128)]


def pairs(shape: tuple[int, int, int], norm: Norm, spectral_norm: bool) -> list[tuple[nn.Module, nn.Module]]:
    common = {"norm": norm, "spectral_norm": spectral_norm}
    networks: list[tuple[nn.Module, nn.Module]] = [
        (dcgan.Generator(shape, 10, width=4, **common), dcgan.Discriminator(shape, width=4, **common))
    ]
    if norm != "instance":
        networks.append(
            (
                mlp_gan.Generator(shape, 10, width=16, depth=2, **common),
                mlp_gan.Discriminator(shape, width=16, depth=2, dropout=0.2, **common),
            )
        )
    return networks


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("norm", ["batch", "instance", "layer", "none"])
@pytest.mark.parametrize("spectral_norm", [False, True])
def test_shapes_gradients_and_weights(
    shape: tuple[int, int, int], norm: Norm, spectral_norm: bool, tmp_path: Path
) -> None:
    for generator, discriminator in pairs(shape, norm, spectral_norm):
        images = generator(torch.randn(3, 10), None)
        assert images.shape == (3, *shape)
        assert images.abs().max() <= 1
        output = discriminator(images, None)
        assert output.logits.shape == (3,)
        assert output.features.dim() == 2
        output.logits.square().sum().backward()
        for network in (generator, discriminator):
            for name, parameter in network.named_parameters():
                assert parameter.grad is not None, name
                assert parameter.grad.isfinite().all(), name

        torch.save(generator.state_dict(), tmp_path / "weights.pt")
        (twin, _) = pairs(shape, norm, spectral_norm)[0 if isinstance(generator, dcgan.Generator) else 1]
        twin.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
        z = torch.randn(2, 10)
        assert_close(twin.eval()(z), generator.eval()(z))


def test_dcgan_has_the_published_channels() -> None:
    """Radford et al. (2016), Figure 1: 1024 channels would be width 128; here 64, as in the authors' code."""
    generator = dcgan.Generator((3, 64, 64), 100, width=64)
    channels = [layer.out_channels for layer in generator.layers if isinstance(layer, nn.ConvTranspose2d)]
    assert channels == [512, 256, 128, 64, 3]
    discriminator = dcgan.Discriminator((3, 64, 64), width=64)
    assert [x.out_channels for x in discriminator.layers if isinstance(x, nn.Conv2d)] == [64, 128, 256, 512]


@pytest.mark.parametrize("make", [dcgan.Generator, dcgan.Discriminator])
@pytest.mark.parametrize("spectral_norm", [False, True])
def test_dcgan_has_the_published_initial_weights(make: Callable[..., nn.Module], spectral_norm: bool) -> None:
    network = make((3, 64, 64), width=32, spectral_norm=spectral_norm)
    weights = [p for p in network.parameters() if p.dim() == 4 and p.numel() > 10_000]
    assert weights
    for weight in weights:
        assert weight.mean().item() == pytest.approx(0, abs=1e-3)
        assert weight.std().item() == pytest.approx(0.02, rel=0.05)


def test_spectral_norm_bounds_each_layer() -> None:
    torch.manual_seed(0)
    discriminator = mlp_gan.Discriminator((1, 4, 4), width=32, depth=2, spectral_norm=True)
    for _ in range(100):
        discriminator(torch.randn(2, 1, 4, 4))  # each forward pass is one power iteration
    norms = [torch.linalg.matrix_norm(m.weight, 2) for m in discriminator.modules() if isinstance(m, nn.Linear)]
    assert_close(torch.stack(norms), torch.ones(len(norms)), atol=1e-2, rtol=0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"norm": "bach"}, "did you mean 'batch'"),
        ({"activation": "rellu"}, "did you mean 'relu'"),
    ],
)
def test_misspelt_choices_suggest_the_nearest(settings: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mlp_gan.Generator((1, 4, 4), **settings)


def test_a_linear_output_is_unbounded() -> None:
    torch.manual_seed(0)
    generator = mlp_gan.Generator((2, 1, 1), 4, width=16, norm="none", output="linear")
    assert generator(100 * torch.randn(50, 4)).abs().max() > 1


@pytest.mark.parametrize("norm", ["batch", "none"])
def test_maxout_units_have_several_pieces(norm: Norm) -> None:
    discriminator = mlp_gan.Discriminator((2, 1, 1), width=8, depth=2, activation="maxout", norm=norm)
    linear = [layer for layer in discriminator.hidden if isinstance(layer, nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in linear] == [(2, 5 * 8), (8, 5 * 8)]
    assert discriminator(torch.randn(3, 2, 1, 1)).features.shape == (3, 8)


def test_maxout_takes_the_largest_piece() -> None:
    assert_close(Maxout(2)(torch.tensor([[1.0, -3.0, -1.0, -2.0]])), torch.tensor([[1.0, -2.0]]))


@pytest.mark.parametrize("packing", [2, 3])
@pytest.mark.parametrize("network", [dcgan.Discriminator, mlp_gan.Discriminator])
def test_packing_multiplies_the_input_channels(network: Callable[..., nn.Module], packing: int) -> None:
    assert network((1, 28, 28), width=4, packing=packing)(torch.randn(5, packing, 28, 28)).logits.shape == (5,)


@pytest.mark.parametrize("size", [28, 48])
def test_max_pooling_halves_the_resolution_as_strides_do(size: int) -> None:
    shape, images = (1, size, size), torch.randn(2, 1, size, size)
    by_stride, by_pooling = (dcgan.Discriminator(shape, width=4, downsampling=way) for way in ("stride", "max_pool"))
    assert by_pooling(images).features.shape == by_stride(images).features.shape
    weights = [x.weight.numel() for x in by_pooling.layers if isinstance(x, nn.Conv2d)]
    assert [16 * number for number in weights] == [
        9 * x.weight.numel() for x in by_stride.layers if isinstance(x, nn.Conv2d)
    ]


@pytest.mark.parametrize("network", [dcgan.Discriminator, infogan.Discriminator])
def test_a_discriminator_sees_pixels_in_its_range(network: Callable[..., dcgan.Discriminator]) -> None:
    seen: list[torch.Tensor] = []
    for pixel_range in ((-1, 1), (0, 255)):
        discriminator = network((1, 16, 16), width=4, pixel_range=pixel_range)
        first = next(layer for layer in discriminator.layers if isinstance(layer, nn.Conv2d))
        first.register_forward_pre_hook(lambda _, inputs: seen.append(*inputs))
        discriminator(torch.linspace(-1, 1, 512).view(2, 1, 16, 16))
    assert_close(seen[1], 127.5 * (seen[0] + 1))
    assert (seen[1].min().item(), seen[1].max().item()) == (0, 255)


def test_a_slope_of_zero_and_dropout_make_features_sparse() -> None:
    torch.manual_seed(0)
    images = torch.randn(4, 1, 16, 16)
    leaky, rectified, dropped = (
        dcgan.Discriminator((1, 16, 16), width=32, **settings)(images).features
        for settings in ({}, {"negative_slope": 0.0}, {"dropout": 0.3})
    )
    assert (leaky == 0).sum() == 0
    assert (rectified == 0).float().mean().item() == pytest.approx(0.5, abs=0.05)
    assert (dropped == 0).float().mean().item() == pytest.approx(0.3, abs=0.05)


def test_gain_scales_the_first_layer_only() -> None:
    def weights(gain: float) -> list[torch.Tensor]:
        torch.manual_seed(0)
        return [*mlp_gan.Discriminator((2, 1, 1), width=8, gain=gain).parameters()]

    default, scaled = weights(1.0), weights(4.0)
    assert_close(scaled[:2], [4 * default[0], 4 * default[1]])
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(scaled[2:], default[2:], strict=True))


@pytest.mark.parametrize("network", [dcgan.Discriminator, mlp_gan.Discriminator])
@pytest.mark.parametrize("kernels", [0, 3])
def test_minibatch_discrimination_lets_a_score_depend_on_the_batch(
    network: Callable[..., nn.Module], kernels: int
) -> None:
    torch.manual_seed(0)
    discriminator = network((1, 16, 16), width=4, norm="none", minibatch_discrimination=kernels)
    images = 0.1 * torch.randn(4, 1, 16, 16)
    alone, together = discriminator(images[:1]), discriminator(images)
    assert torch.equal(alone.logits, together.logits[:1]) == (kernels == 0)
    assert together.features.shape == (4, discriminator.num_features)
    assert not (getattr(discriminator, "batch_independent", False) and kernels)
