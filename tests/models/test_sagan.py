"""SAGAN's networks: position of the attention layer, spectral norm, equality with SNGAN at the start."""

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize
from torch.testing import assert_close

from gan.models import sagan, sngan
from gan.nn.attention import SelfAttention


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32), (1, 48, 48), (3, 64, 64)], ids=str)
@pytest.mark.parametrize("attention_size", [None, 8, 14, 16])
def test_attention_is_applied_at_the_requested_size(shape: tuple[int, int, int], attention_size: int | None) -> None:
    settings = {"width": 8, "attention_size": attention_size}
    if attention_size not in (None, *sngan.Generator(shape, width=4).sizes):
        with pytest.raises(ValueError, match=rf"attention_size={attention_size} is not a size .*: \d+, \d+"):
            sagan.Generator(shape, **settings)
        return
    generator, discriminator = sagan.Generator(shape, latent_dim=10, **settings), sagan.Discriminator(shape, **settings)
    seen: list[int] = []
    for network in (generator, discriminator):
        (layer,) = [layer for layer in network.modules() if isinstance(layer, SelfAttention)]
        layer.register_forward_hook(lambda _, __, output: seen.append(output.shape[-1]))
    images = generator(torch.randn(3, 10))
    output = discriminator(images)
    assert seen == 2 * [attention_size or shape[1] // 2]
    assert images.shape == (3, *shape)
    assert output.logits.shape == (3,)
    output.logits.square().sum().backward()
    for network in (generator, discriminator):
        assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


def test_a_missing_size_names_the_discriminators_sizes() -> None:
    with pytest.raises(ValueError, match=r"attention_size=32 .*: 8, 16$"):
        sagan.Discriminator((3, 32, 32), attention_size=32, width=8)


def test_both_networks_have_spectral_norm() -> None:
    for network in (sagan.Generator((1, 28, 28), width=8), sagan.Discriminator((1, 28, 28), width=8)):
        layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
        assert all(parametrize.is_parametrized(layer, "weight") for layer in layers)


@pytest.mark.parametrize("name", ["Generator", "Discriminator"])
def test_networks_start_as_sngans(name: str) -> None:
    torch.manual_seed(0)
    with_attention = getattr(sagan, name)((1, 28, 28), width=8).eval()
    torch.manual_seed(0)
    without = getattr(sngan, name)((1, 28, 28), width=8, spectral_norm=True).eval()
    inputs = torch.randn(2, 128) if name == "Generator" else torch.randn(2, 1, 28, 28)
    ours, theirs = with_attention(inputs), without(inputs)
    assert_close(ours, theirs)
    (layer,) = [layer for layer in with_attention.modules() if isinstance(layer, SelfAttention)]
    nn.init.ones_(layer.gamma)
    assert not torch.equal(torch.as_tensor(with_attention(inputs)[0]), torch.as_tensor(theirs[0]))
