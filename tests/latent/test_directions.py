"""Latent directions of linear generators, where they are known."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError
from gan.latent.directions import METHODS, Method, find_directions
from gan.models.sampler import Sampler

SCALES = torch.tensor([1.0, 5.0, 3.0, 0.1])


class TwoLayers(nn.Module):
    """Linear generator that scales each entry of z, and rotates the result."""

    def __init__(self) -> None:
        super().__init__()
        self.stretch, self.head = nn.Linear(4, 6), nn.Linear(6, 9)
        with torch.no_grad():
            self.stretch.weight.copy_(torch.linalg.qr(torch.randn(6, 4))[0] * SCALES)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        return self.head(self.stretch(z)).view(-1, 1, 3, 3)


def trained(network: nn.Module, **settings: Any) -> TrainedGenerator:
    generator = TrainedGenerator.__new__(TrainedGenerator)
    generator.model = Sampler(network, latent_dim=4, ema_decay=0, **settings)
    generator.path, generator.use_ema, generator.device = Path("x.ckpt"), True, torch.device("cpu")
    return generator


@pytest.mark.parametrize("method", METHODS)
def test_directions_of_a_linear_generator_are_sorted_by_scale(method: Method) -> None:
    torch.manual_seed(0)
    directions = find_directions(trained(TwoLayers()), method, num=3)
    exact = torch.eye(4)[[1, 2, 0]]
    assert_close(directions, exact, atol=0.06 if method == "principal" else 1e-5, rtol=0)
    assert_close(directions.norm(dim=1), torch.ones(3))


class Conditional(TwoLayers):
    """Linear generator with a label embedding before the first layer."""

    def __init__(self) -> None:
        super().__init__()
        self.label = nn.Linear(2, 4)
        self.stretch = nn.Linear(8, 6)
        with torch.no_grad():
            self.stretch.weight[:, :4] = torch.linalg.qr(torch.randn(6, 4))[0] * SCALES

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        hot = nn.functional.one_hot(labels, 2).float()
        return self.head(self.stretch(torch.cat([z, self.label(hot)], 1))).view(-1, 1, 3, 3)


def test_directions_of_a_conditional_generator_are_those_of_its_noise() -> None:
    torch.manual_seed(0)
    directions = find_directions(trained(Conditional(), num_classes=2), "factorized", num=2)
    assert_close(directions, torch.eye(4)[[1, 2]], atol=1e-5, rtol=0)


def test_generators_without_directions() -> None:
    with pytest.raises(UserError, match="1 to 4 directions"):
        find_directions(trained(TwoLayers()), "factorized", num=5)

    class OneLayer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(4, 9)

        def forward(self, z: Tensor, labels: Tensor) -> Tensor:
            return self.head(z)

    with pytest.raises(UserError, match="no directions to find"):
        find_directions(trained(OneLayer()), "principal", num=1)
