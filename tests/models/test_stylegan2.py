"""StyleGAN2: shapes, styles, mixing, noise by key, truncation in W, and classes."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from gan.instantiate import build
from gan.keyed_random import KeyedRandom
from gan.models.stylegan2 import ConvBlock, Discriminator, Generator, StyleGAN2
from gan.nn.modulation import leaky_relu
from gan.types import Batch
from tests.test_conf import composed

SMALL: dict[str, Any] = {"latent_dim": 6, "style_dim": 5, "width": 2, "mapping_depth": 2}


def strengthen(generator: Generator) -> Generator:
    """Give the noise of each layer a strength, which is zero at first."""
    for name, parameter in generator.named_parameters():
        if name.endswith("strength"):
            nn.init.ones_(parameter)
    return generator


def model(*options: str) -> StyleGAN2:
    """Build a small model."""
    built: Any = build(composed("model=stylegan2", "model.generator.width=2", "model.latent_dim=6", *options).model)
    strengthen(built.generator)
    strengthen(built.ema.network)
    return built


@pytest.mark.parametrize("shape", [(1, 28, 28), pytest.param((3, 256, 256), marks=pytest.mark.long)])
@pytest.mark.parametrize("classes", [1, 3])
def test_shapes_and_gradients(shape: tuple[int, int, int], classes: int) -> None:
    generator = strengthen(Generator(shape, num_classes=classes, **SMALL))
    discriminator = Discriminator(shape, 2, num_classes=classes)
    labels = torch.arange(3) % classes
    noise = {name: torch.randn(3, *size) for name, size in generator.synthesis.noise_shapes.items()}
    output = generator(torch.randn(3, 6), labels, noise)
    assert output.images.shape == (3, *shape)
    assert output.w.shape == (3, generator.synthesis.num_layers, 5)
    judged = discriminator(output.images, labels)
    assert judged.logits.shape == (3,)
    assert judged.features.shape[0] == 3
    judged.logits.square().sum().backward()
    for network in (generator, discriminator):
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name


def test_constant_channels_and_a_plain_discriminator() -> None:
    """As in StyleGAN2-ADA's networks for CIFAR-10, whose 512 channels are the same at each resolution."""
    settings: dict[str, Any] = {"growth": 1, "residual": False}
    discriminator = Discriminator((3, 32, 32), 4, **settings)
    shapes = {name: tuple(value.shape) for name, value in discriminator.named_parameters() if name.endswith("weight")}
    blocks = [shape for name, shape in shapes.items() if name.startswith("blocks.")]
    assert blocks == [(4, 4, 3, 3)] * 6, "two convolutions from each of 32, 16 and 8 pixels, and no skips"
    synthesis = Generator((3, 32, 32), growth=1, **SMALL).synthesis
    assert {value.shape for name, value in synthesis.named_parameters() if name.endswith("conv.weight")} == {
        (2, 2, 3, 3)
    }

    features, block = torch.randn(2, 4, 32, 32), ConvBlock(4, 4, residual=False)
    first = leaky_relu(block.conv1(features))
    assert_close(block(features), leaky_relu(block.conv2(block.blur(first))))


def test_layers_and_noise_of_each_resolution() -> None:
    synthesis = Generator((1, 28, 28), **SMALL).synthesis
    assert synthesis.num_layers == 6  # two per resolution, and the last image
    sizes = [shape[-1] for shape in synthesis.noise_shapes.values()]
    assert sizes == [7, 14, 14, 28, 28]


def test_activations_start_with_the_same_scale_at_each_layer() -> None:
    torch.manual_seed(0)
    scales: list[float] = []
    generator = Generator((1, 64, 64), **(SMALL | {"width": 16}))
    for layer in generator.synthesis.layers:
        layer.register_forward_hook(lambda *args: scales.append(args[-1].square().mean().item()))
    generator(torch.randn(16, 6))
    assert all(0.15 < scale < 2 for scale in scales), scales  # resampling takes some of it


def test_a_slower_mapping_is_the_same_function_and_learns_less() -> None:
    z = torch.randn(4, 6)
    changes = {}
    for rate in (1.0, 0.01):
        torch.manual_seed(0)
        mapping = Generator((1, 28, 28), mapping_rate=rate, **SMALL).mapping
        before = mapping(z)
        optimizer = torch.optim.Adam(mapping.parameters(), 1e-3)
        before.square().sum().backward()
        optimizer.step()
        changes[rate] = before, (mapping(z) - before).norm().item()
    assert_close(changes[1.0][0], changes[0.01][0])
    assert changes[0.01][1] == pytest.approx(changes[1.0][1] / 100, rel=0.1)


def test_mixing_takes_later_layers_from_another_z() -> None:
    generator = Generator((1, 28, 28), **SMALL).eval()
    z, other = torch.randn(2, 2, 6)
    one, two = generator(z).w, generator(other).w
    mixed = generator(z, noise={"mixed_z": other, "crossover": torch.tensor([2, 6])}).w
    assert_close(mixed[0], torch.cat([one[0, :2], two[0, 2:]]))
    assert_close(mixed[1], one[1])


@pytest.mark.parametrize(("share", "mixed"), [(0.0, 0), (0.9, 900), (1.0, 1000)])
def test_a_share_of_the_images_is_mixed(share: float, mixed: int) -> None:
    game = model(f"model.style_mixing={share}")
    batch = Batch(torch.zeros(1000, 1, 28, 28), torch.zeros(1000, dtype=torch.long))
    noise = game.draw_generator_input(batch, KeyedRandom(0, total=1000)).noise or {}
    if share:
        assert (noise["crossover"] >= 1).all()
        assert (noise["crossover"] < game.num_layers).sum() == pytest.approx(mixed, abs=40)
    else:
        assert "crossover" not in noise


def test_truncation_moves_w_to_its_mean() -> None:
    generator = Generator((1, 28, 28), **SMALL).eval()
    z = torch.randn(3, 6)
    whole, mean = generator(z).w, generator.mapping.mean()

    def truncated(psi: float) -> Tensor:
        return generator(z, noise={"psi": torch.full((3,), psi)}).w

    assert_close(truncated(1.0), whole)
    assert_close(truncated(0.0), mean.expand_as(whole))
    assert_close(truncated(0.5), (whole + mean) / 2)


def test_the_mean_of_w_is_that_of_all_classes() -> None:
    mapping = Generator((1, 28, 28), num_classes=2, **SMALL).mapping
    by_class = [mapping(mapping.references[n::2], torch.full((512,), n)).mean(0) for n in range(2)]
    assert_close(mapping.mean(), torch.stack(by_class).mean(0))


@pytest.mark.parametrize("truncation", [None, 0.7])
def test_a_sample_does_not_change_with_the_batch_size(truncation: float | None) -> None:
    game = model()
    whole, parts = (
        torch.cat([batch.images for batch in game.iterate_samples(range(5), 1, size, truncation=truncation)])
        for size in (5, 2)
    )
    assert_close(parts, whole)
    assert not torch.equal(whole, torch.cat([b.images for b in game.iterate_samples(range(5), 2, 5)]))


@pytest.mark.parametrize(("noise", "inputs"), [("random", 5), ("constant", 0), ("none", 0)])
def test_kinds_of_noise(noise: str, inputs: int) -> None:
    game = model(f"model.generator.noise={noise}")
    request = game.sample_input(range(2))
    assert len(request.noise or {}) == inputs
    network = game.generator.eval()
    first = game.run_generator(network, request).images
    if inputs:
        other = game.sample_input(range(2), seed=1).noise
        assert not torch.equal(game.run_generator(network, request._replace(noise=other)).images, first)
    assert torch.equal(game.run_generator(network, request).images, first)
    assert any(name.endswith("constant") and value.dim() == 4 for name, value in network.named_buffers()) == (
        noise == "constant"
    )


def test_classes_reach_both_networks() -> None:
    game = model("model.num_classes=10")
    z, images = torch.randn(2, 6), torch.randn(2, 1, 28, 28)
    zero, one = torch.zeros(2, dtype=torch.long), torch.ones(2, dtype=torch.long)
    assert not torch.equal(game.generator(z, zero).images, game.generator(z, one).images)
    assert not torch.equal(game.discriminator(images, zero).logits, game.discriminator(images, one).logits)


def test_images_are_clamped_in_evaluation_only() -> None:
    generator = Generator((1, 28, 28), **SMALL)
    generator.synthesis.bias.data.fill_(5.0)
    z = torch.randn(2, 6)
    assert generator(z).images.max() > 1
    assert generator.eval()(z).images.abs().max() <= 1
