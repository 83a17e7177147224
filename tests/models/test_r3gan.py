"""R3GAN's networks: shapes, gradients, scale of activations, published channels, no norms."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from gan.instantiate import build
from gan.models.r3gan import Discriminator, Generator
from gan.nn.bottleneck import Bottleneck
from gan.nn.initialization import scaled_normal
from tests.test_conf import composed


def convolutions(block: Bottleneck) -> list[nn.Conv2d]:
    return [layer for layer in block.branch if isinstance(layer, nn.Conv2d)]


@pytest.mark.parametrize(
    ("shape", "multiple"), [((1, 28, 28), 4), ((3, 32, 32), 8), ((1, 48, 48), 8), ((3, 64, 64), 8)]
)
def test_shapes_gradients_and_weights(shape: tuple[int, int, int], multiple: int, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"width": 4, "blocks": 2, "cardinality": 2}
    generator, discriminator = Generator(shape, 10, **settings), Discriminator(shape, **settings)
    images = generator(torch.randn(3, 10))
    assert images.shape == (3, *shape)
    assert images.abs().max() <= 1
    output = discriminator(images)
    assert output.logits.shape == (3,)
    assert output.features.shape == (3, 4 * multiple)
    output.logits.square().sum().backward()
    for network in (generator, discriminator):
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name

    torch.save(generator.state_dict(), tmp_path / "weights.pt")
    twin = Generator(shape, 10, **settings)
    twin.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    z = torch.randn(2, 10)
    assert_close(twin(z), generator(z))


def test_class_vectors_follow_z_and_are_projected_on() -> None:
    torch.manual_seed(0)
    settings: dict[str, Any] = {"width": 4, "cardinality": 2, "num_classes": 3, "embedding_dim": 5}
    generator, discriminator = Generator((1, 16, 16), 10, **settings), Discriminator((1, 16, 16), **settings)
    z, labels = torch.randn(6, 10), torch.arange(6) % 3
    images = generator(z, labels)
    assert generator.label is not None
    assert discriminator.label is not None
    vectors = generator.label(labels)
    weights = torch.cat([z, vectors], 1) @ generator.weights.weight.T
    assert_close(images, generator.layers(weights[:, :, None, None] * generator.basis))
    output = discriminator(images, labels)
    wanted = torch.einsum("bf,ef,be->b", output.features, discriminator.head.weight, discriminator.label(labels))
    assert_close(output.logits, wanted / 5**0.5)
    output.logits.square().sum().backward()
    for label in (generator.label, discriminator.label):
        assert all(parameter.grad is not None and parameter.grad.any() for parameter in label.parameters())
    mixture = torch.tensor([[0.5, 0.5, 0.0]])
    mean = (vectors[:1] + vectors[1:2]) / 2
    assert_close(generator.label(mixture), mean)


def test_class_vectors_keep_the_scale_of_the_first_layer_and_of_logits() -> None:
    torch.manual_seed(0)
    settings: dict[str, Any] = {"width": 16, "cardinality": 1, "num_classes": 10}
    generator, discriminator = Generator((1, 32, 32), **settings), Discriminator((1, 32, 32), **settings)
    assert generator.label is not None
    labels = torch.arange(500) % 10
    weights = generator.weights(torch.cat([torch.randn(500, 64), generator.label(labels)], 1))
    assert weights.square().mean().item() == pytest.approx(1, abs=0.3)
    output = discriminator(torch.randn(500, 1, 32, 32), labels)
    assert output.logits.square().mean().item() == pytest.approx(output.features.square().mean().item(), rel=0.5)


@pytest.mark.parametrize("classes", [1, 10])
def test_the_recipe_is_conditional_if_it_has_classes(classes: int) -> None:
    config = composed("model=r3gan", "loss=r3gan", "model.generator.width=2", f"model.num_classes={classes}")
    game: Any = build(config.model)
    names = {name for name, _ in game.named_parameters() if ".label." in name}
    networks = ("generator", "ema.network", "discriminator")
    assert names == ({f"{name}.label.embedding.weight" for name in networks} if classes > 1 else set())
    zero, one = (game.sample_input(range(2), classes=[label]) for label in (0, classes - 1))
    images = [game.run_generator(game.generator, inputs).images for inputs in (zero, one)]
    assert torch.equal(*images) == (classes == 1)


def mean_squares(network: nn.Module, inputs: Tensor) -> list[float]:
    """Return the mean square of each residual block's output."""
    values: list[float] = []

    def record(_: nn.Module, __: Any, output: Tensor) -> None:
        values.append(output.square().mean().item())

    blocks = [module for module in network.modules() if isinstance(module, Bottleneck)]
    handles = [block.register_forward_hook(record) for block in blocks]
    network(inputs)
    for handle in handles:
        handle.remove()
    return values


@pytest.mark.parametrize("blocks", [1, 4])
@pytest.mark.parametrize("player", [Generator, Discriminator])
def test_activations_keep_their_scale_through_the_layers(player: type[nn.Module], blocks: int) -> None:
    """Initially, and with non-zero last convolutions, where each of L branches adds 1 / L of the mean square."""
    torch.manual_seed(0)
    network = player((3, 64, 64), width=16, blocks=blocks, cardinality=2)
    inputs = torch.randn(16, 64) if player is Generator else torch.ones(16, 3, 64, 64)
    start = mean_squares(network, inputs)
    assert len(start) == 5 * blocks
    assert all(0.1 < value < 4 for value in start), start
    for module in network.modules():
        if isinstance(module, Bottleneck):
            scaled_normal(convolutions(module)[-1])
    later = mean_squares(network, inputs)
    assert all(after < 6 * before for after, before in zip(later, start, strict=True)), (start, later)


def test_config_e_has_the_published_channels() -> None:
    """Huang et al. (2024), for CIFAR-10: four levels of 768 channels, two blocks each, 16 channels per group."""
    with torch.device("meta"):
        networks = [Generator((3, 32, 32), 64, 768, 1, 2, 2, 96), Discriminator((3, 32, 32), 768, 1, 2, 2, 96)]
    for network in networks:
        blocks = [module for module in network.modules() if isinstance(module, Bottleneck)]
        assert len(blocks) == 8
        assert {convolutions(block)[1].weight.shape for block in blocks} == {(1536, 16, 3, 3)}


def authors_parameters(widths: list[int], cardinalities: list[int]) -> tuple[int, int]:
    """Count G's and D's parameters by the authors' code: two blocks per resolution, 64 latent dimensions."""
    pairs = zip(widths, cardinalities, strict=True)
    blocks = sum(2 * (c * 2 * c + 2 * c * (2 * c // groups) * 9 + 2 * c * c + 2 * 2 * c) for c, groups in pairs)
    transitions = sum(before * after for before, after in pairwise(widths) if before != after)
    lowest = widths[-1]
    generator = lowest * 4 * 4 + 64 * lowest + blocks + transitions + 3 * widths[0]
    return generator, 3 * widths[0] + blocks + transitions + lowest * 4 * 4 + lowest


@pytest.mark.parametrize(
    ("size", "width", "growth", "cardinality", "widths"),
    [
        (32, 768, 1, 96, 4 * [768]),  # CIFAR-10: 20.7 million each
        (32, 1536, 1, 96, 4 * [1536]),  # ImageNet-32
        (64, 1536, 1, 96, 5 * [1536]),  # ImageNet-64
        (128, 96, 2, 12, [96, 192, 384, 768, 768, 768]),  # FFHQ-256 with one resolution less
    ],
)
def test_parameters_are_as_many_as_the_authors(
    size: int, width: int, growth: int, cardinality: int, widths: list[int]
) -> None:
    cardinalities = [c * cardinality // width for c in widths]
    with torch.device("meta"):
        generator = Generator((3, size, size), 64, width, growth, 2, 2, cardinality)
        discriminator = Discriminator((3, size, size), width, growth, 2, 2, cardinality)
    counts = [sum(p.numel() for p in network.parameters()) for network in (generator, discriminator)]
    assert counts == list(authors_parameters(widths, cardinalities))


def test_there_are_no_norms() -> None:
    networks = (Generator((1, 28, 28), 8, width=8, cardinality=1), Discriminator((1, 28, 28), width=8, cardinality=1))
    assert not [name for network in networks for name, _ in network.named_modules() if "norm" in name.lower()]
    assert not [module for network in networks for module in network.modules() if "Norm" in type(module).__name__]


def test_outputs_do_not_depend_on_the_batch() -> None:
    torch.manual_seed(0)
    discriminator = Discriminator((1, 28, 28), width=4, cardinality=1)
    images = torch.randn(4, 1, 28, 28)
    assert_close(discriminator(images).logits[:1], discriminator(images[:1]).logits)


def test_packing_multiplies_the_input_channels() -> None:
    discriminator = Discriminator((1, 28, 28), width=4, cardinality=1, packing=3)
    assert discriminator(torch.randn(5, 3, 28, 28)).logits.shape == (5,)


def test_invalid_arguments() -> None:
    with pytest.raises(ValueError, match="cardinality=5 must divide"):
        Generator((1, 28, 28), 8, width=4, cardinality=5)


@pytest.mark.parametrize("network", [Generator, Discriminator])
def test_2d_points_are_rejected(network: type[nn.Module]) -> None:
    with pytest.raises(ValueError, match=r"image size 1 does not fit.*model=mlp_gan"):
        network((2, 1, 1))
