"""BigGAN: shapes, parts of z, the shared embedding, orthogonal weights, and standing statistics."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized
from torch.testing import assert_close

from gan.instantiate import build
from gan.losses.generator_regularizers import filters
from gan.models.biggan import BigGAN, Discriminator, Generator
from tests.test_conf import composed

SMALL: dict[str, Any] = {"num_classes": 3, "width": 2}


def model(*options: str) -> BigGAN:
    """Build a small model."""
    torch.manual_seed(0)
    widths = ("model.generator.width=4", "model.latent_dim=6", "model.generator.embedding_dim=5")
    return build(composed("model=biggan", *widths, *options).model)


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32), pytest.param((3, 256, 256), marks=pytest.mark.long)])
@pytest.mark.parametrize("deep", [False, True])
def test_shapes_and_gradients(shape: tuple[int, int, int], deep: bool) -> None:
    generator = Generator(shape, latent_dim=420, embedding_dim=5, deep=deep, **SMALL)
    discriminator = Discriminator(shape, deep=deep, **SMALL)
    labels = torch.tensor([0, 2])
    images = generator(torch.randn(2, 420), labels)
    assert images.shape == (2, *shape)
    assert images.abs().max() <= 1
    judged = discriminator(images, labels)
    assert judged.logits.shape == (2,)
    assert judged.features.shape[0] == 2
    judged.logits.square().sum().backward()
    for network in (generator, discriminator):
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name


def test_a_z_that_cannot_be_divided_is_refused() -> None:
    with pytest.raises(ValueError, match=r"latent_dim=100 cannot be divided into 3 equal parts.*model\.latent_dim=99"):
        Generator((1, 28, 28), latent_dim=100, **SMALL)


def test_each_part_of_z_reaches_one_block() -> None:
    generator = Generator((1, 28, 28), latent_dim=6, embedding_dim=5, **SMALL).eval()
    seen: dict[int, Tensor] = {}
    for number, block in enumerate(generator.blocks):
        block.register_forward_pre_hook(lambda _, inputs, number=number: seen.update({number: inputs[1]}))
    z, label = torch.randn(1, 6), torch.tensor([1])
    generator(z, label)
    embedding = generator.label(label)
    assert_close(seen[0], torch.cat([embedding, z[:, 2:4]], 1))
    assert_close(seen[1], torch.cat([embedding, z[:, 4:]], 1))


def test_all_of_z_reaches_each_layer_of_a_deep_generator() -> None:
    generator = Generator((1, 28, 28), latent_dim=7, embedding_dim=5, deep=True, **SMALL).eval()
    seen: list[Tensor] = []
    generator.stem.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    for block in generator.blocks:
        block.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[1]))
    z, label = torch.randn(1, 7), torch.tensor([1])
    generator(z, label)
    assert len(seen) == 3
    for condition in seen:
        assert_close(condition, torch.cat([z, generator.label(label)], 1))


def test_a_deep_discriminator_has_two_blocks_per_resolution() -> None:
    """28 and 14 pixels, with 2, 4 and 8 channels: each doubling appends as many channels as there were."""
    discriminator: Any = Discriminator((1, 28, 28), deep=True, **SMALL)
    sizes = []
    features = torch.randn(1, 1, 28, 28)
    for block in discriminator.blocks:
        for layer in block:
            features = layer(features)
            sizes.append(tuple(features.shape[1:]))
    assert sizes == [(2, 28, 28), (4, 14, 14), (4, 14, 14), (8, 7, 7), (8, 7, 7)]
    assert discriminator(torch.randn(2, 1, 28, 28), torch.tensor([0, 1])).features.shape == (2, 8)


@pytest.mark.parametrize("deep", [False, True])
def test_spectral_norm_is_in_both_networks_but_not_on_the_embedding(deep: bool) -> None:
    generator = Generator((1, 28, 28), latent_dim=6, deep=deep, **SMALL)
    discriminator = Discriminator((1, 28, 28), deep=deep, **SMALL)
    for network in (generator, discriminator):
        plain = {
            name
            for name, module in network.named_modules()
            if isinstance(module, nn.Linear | nn.Conv2d) and not is_parametrized(module)
        }
        assert plain == ({"label.embedding"} if network is generator else set())


def test_weights_start_orthogonal_with_norm_one() -> None:
    generator: Any = Generator((1, 28, 28), latent_dim=12, embedding_dim=3, **SMALL)
    for block in generator.blocks:
        weight = block.conv2.parametrizations.weight.original.flatten(1)
        assert_close(weight @ weight.T, torch.eye(len(weight)))
        assert_close(block.conv2.weight.flatten(1), weight)  # spectral norm divides by one


def test_the_embedding_has_no_orthogonal_regularisation() -> None:
    generator: Any = Generator((1, 28, 28), latent_dim=6, embedding_dim=5, **SMALL)
    regularized = sum(matrix.numel() for matrix in filters(generator))
    matrices = sum(p.numel() for p in generator.parameters() if p.dim() > 1)
    assert matrices - regularized == generator.label.embedding.weight.numel() == 15


def test_classes_reach_both_networks() -> None:
    game = model()
    z, images = torch.randn(2, 6), torch.randn(2, 1, 28, 28)
    zero, one = torch.zeros(2, dtype=torch.long), torch.ones(2, dtype=torch.long)
    with game.inference_network(use_ema=False) as network:
        assert not torch.equal(network(z, zero), network(z, one))
    assert not torch.equal(game.discriminator(images, zero).logits, game.discriminator(images, one).logits)


def test_standing_statistics_are_those_of_samples() -> None:
    game: Any = model("model.standing_batches=4")
    running = {name: value.clone() for name, value in game.ema.network.named_buffers()}
    with game.inference_network() as network:
        assert not network.training
        standing = dict(network.blocks[0].norm1.norm.named_buffers())
        features: list[Tensor] = []
        handle = network.blocks[0].norm1.norm.register_forward_pre_hook(lambda _, inputs: features.append(inputs[0]))
        z = torch.randn(512, 6, generator=torch.Generator().manual_seed(3))
        network(z, torch.arange(512) % 10)
        handle.remove()
        assert_close(standing["running_mean"], features[0].mean((0, 2, 3)), rtol=0.2, atol=0.1)
        first = network(z, torch.arange(512) % 10)
    assert all(torch.equal(value, running[name]) for name, value in game.ema.network.named_buffers())
    with game.inference_network() as network:
        assert torch.equal(network(z, torch.arange(512) % 10), first)


def test_a_sample_does_not_change_with_the_batch_size() -> None:
    game = model("model.standing_batches=2")
    whole, parts = (game.sample(5, batch_size=size) for size in (5, 2))
    assert_close(parts, whole)
