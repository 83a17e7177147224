"""Conditional DCGAN: projection in closed form, conditional norms, mixtures of classes."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.testing import assert_close

from gan.models import dcgan
from gan.models.cdcgan import Discriminator, Generator
from gan.nn.conditioning import ConditionalNorm
from gan.nn.layers import Norm

SHAPES = [(1, 28, 28), (3, 32, 32)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("norm", ["batch", "instance", "layer", "none"])
@pytest.mark.parametrize("spectral_norm", [False, True])
def test_shapes_and_gradients(shape: tuple[int, int, int], norm: Norm, spectral_norm: bool) -> None:
    torch.manual_seed(0)
    generator = Generator(shape, 3, latent_dim=10, width=4, norm=norm, spectral_norm=spectral_norm)
    discriminator = Discriminator(shape, 3, width=4, norm=norm, spectral_norm=spectral_norm)
    labels = torch.tensor([0, 1, 2, 1])
    images = generator(torch.randn(4, 10), labels)
    assert images.shape == (4, *shape)
    output = discriminator(images, labels)
    assert output.logits.shape == (4,)
    assert output.features.dim() == 2
    output.logits.square().sum().backward()
    for network in (generator, discriminator):
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
            assert parameter.grad.any() or norm == "none", name  # almost zero at first without norms


@pytest.mark.parametrize("pool", [False, True])
def test_the_projection_is_added_to_dcgans_logits(pool: bool) -> None:
    """Miyato and Koyama (2018): f(x, y) = y^T V φ(x) + ψ(φ(x))."""
    torch.manual_seed(0)
    discriminator = Discriminator((1, 28, 28), 3, width=4, pool=pool)
    images, labels = torch.randn(5, 1, 28, 28), [0, 2, 1, 1, 2]
    plain = dcgan.Discriminator((1, 28, 28), width=4)
    shared = plain.state_dict().keys()
    plain.load_state_dict({name: value for name, value in discriminator.state_dict().items() if name in shared})
    conditional, unconditional = discriminator(images, torch.tensor(labels)), plain(images)
    assert torch.equal(conditional.features, unconditional.features)
    features = unconditional.features.unflatten(1, (8, 7, 7))
    phi = features.sum((2, 3)) if pool else features.flatten(1)
    vectors: Any = discriminator.vectors
    products = [vectors.weight[:, label] @ image for label, image in zip(labels, phi, strict=True)]
    assert_close(conditional.logits, unconditional.logits + torch.stack(products))


def test_spectral_norm_bounds_the_class_vectors() -> None:
    torch.manual_seed(0)
    discriminator = Discriminator((1, 28, 28), 3, width=4, spectral_norm=True)
    for _ in range(50):
        discriminator(torch.randn(2, 1, 28, 28), torch.tensor([0, 1]))  # each forward pass is one power iteration
    vectors: Any = discriminator.vectors
    assert_close(torch.linalg.matrix_norm(vectors.weight, 2), torch.tensor(1.0), atol=1e-2, rtol=0)


def test_each_hidden_layer_has_the_classs_scale_and_shift() -> None:
    torch.manual_seed(0)
    generator = Generator((1, 28, 28), 3, latent_dim=10, width=4).eval()
    norms = [layer for layer in generator.layers if isinstance(layer, ConditionalNorm)]
    assert [norm.scale.out_features for norm in norms] == [8, 4]
    assert not [layer for layer in generator.layers if isinstance(layer, nn.BatchNorm2d)]
    z, labels = torch.randn(3, 10), torch.tensor([0, 1, 2])
    before = generator(z, labels)
    for norm in norms:
        with torch.no_grad():
            norm.shift.weight[:, 1] += 1
        change = (generator(z, labels) - before).flatten(1).abs().amax(1)
        assert change[1] > 1e-3
        assert change[[0, 2]].max() == 0
        before = generator(z, labels)


def test_one_hot_mixtures_equal_classes() -> None:
    generator, labels = Generator((1, 28, 28), 3, latent_dim=10, width=4).eval(), torch.tensor([0, 2, 1, 2])
    for parameter in generator.parameters():
        nn.init.normal_(parameter, std=0.1)
    z = torch.randn(4, 10)
    assert_close(generator(z, F.one_hot(labels, 3).float()), generator(z, labels))
    halves = generator(z, torch.tensor([[0.5, 0.5, 0.0]]).expand(4, 3))
    assert halves.shape == (4, 1, 28, 28)
    assert not torch.allclose(halves, generator(z, torch.zeros(4, dtype=torch.long)))


@pytest.mark.parametrize("network", [Generator, Discriminator])
def test_one_class_is_rejected(network: type[nn.Module]) -> None:
    with pytest.raises(ValueError, match="two classes or more, not 1"):
        network((1, 28, 28), 1)
