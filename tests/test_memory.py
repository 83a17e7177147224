"""Networks and images that do not fit in memory are refused before they are allocated."""

import pytest
import torch
from torch import nn

from gan import memory
from gan.data.resize import resize
from gan.errors import UserError
from gan.instantiate import build
from gan.memory import build_within_memory, explaining_memory
from tests.test_conf import composed


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "SMALL", 10_000)
    monkeypatch.setattr(memory, "memory", lambda: 3_000_000.0)


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize(
    ("options", "blamed"),
    [
        (["model.generator.width=60000"], r"model\.generator\.width=60000"),
        (["model.latent_dim=100000"], r"model\.generator\.latent_dim=100000"),
        (
            ["model=mlp_gan", "model.generator.width=4", "data.image_size=2000"],
            r"model\.generator\.image_shape\[1\]=2000",
        ),
    ],
)
def test_networks_beyond_memory_name_their_largest_number(options: list[str], blamed: str) -> None:
    config = composed("model=dcgan", *options)
    with pytest.raises(UserError, match=rf"^{blamed}: networks, gradients and optimisers need at least [\d,]+ GiB"):
        build_within_memory(lambda: build(config.model))


@pytest.mark.usefixtures("_small")
def test_counted_networks_have_the_same_weights() -> None:
    def weights() -> torch.Tensor:
        return nn.Linear(100, 200).weight

    torch.manual_seed(0)
    counted = build_within_memory(weights)
    torch.manual_seed(0)
    assert torch.equal(counted, weights())


@pytest.mark.usefixtures("_small")
def test_a_constructor_that_reads_values_is_built_uncounted() -> None:
    assert build_within_memory(lambda: torch.zeros(5000).sum().item()) == 0


def test_images_beyond_memory() -> None:
    with pytest.raises(UserError, match=r"^data\.image_size=8192: 1,000,000 images of that size need 62,500 GiB"):
        resize(torch.zeros(1, dtype=torch.uint8).expand(1_000_000, 1, 28, 28), 8192)


def test_memory_that_runs_out_says_what_to_lower() -> None:
    with pytest.raises(UserError, match=r"out of memory: lower data\.batch_size"), explaining_memory():
        torch.empty(2**60)
    with pytest.raises(RuntimeError, match="another"), explaining_memory():
        raise RuntimeError("another")
