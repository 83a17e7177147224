"""Latent directions of linear generators, where they are known."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError
from gan.latent.directions import METHODS, Method, find_directions, find_style_directions
from gan.models.latent_space import SpaceW
from gan.models.sampler import Sampler
from gan.models.stylegan2 import Generator
from tests.models.test_stylegan2 import model as styled_model

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


class Hierarchical(nn.Module):
    """Linear generator whose first layer takes the first three entries of z, and whose second takes the last one."""

    def __init__(self) -> None:
        super().__init__()
        self.stretch, self.norm, self.head = nn.Linear(3, 6), nn.Linear(1, 6), nn.Linear(6, 9)
        with torch.no_grad():
            self.stretch.weight.copy_(torch.linalg.qr(torch.randn(6, 3))[0] * SCALES[:3])

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        features = self.stretch(z[:, :3])
        return self.head(features * (1 + 0.1 * self.norm(z[:, 3:]))).view(-1, 1, 3, 3)


@pytest.mark.parametrize("method", METHODS)
def test_directions_in_hierarchical_z_are_in_the_part_of_the_first_layer(method: Method) -> None:
    torch.manual_seed(0)
    directions = find_directions(trained(Hierarchical()), method, num=3)
    assert_close(directions, torch.eye(4)[[1, 2, 0]], atol=0.1 if method == "principal" else 1e-5, rtol=0)
    assert (directions[:, 3] == 0).all()
    with pytest.raises(UserError, match="1 to 3 directions, not 4"):
        find_directions(trained(Hierarchical()), method, num=4)


def test_principal_directions_in_w_are_those_of_a_linear_mapping_within_classes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    space = SpaceW(styled_model("model.num_classes=2"))
    axes = torch.linalg.qr(torch.randn(6, 6))[0]
    classes = torch.tensor([[-9.0], [9.0]]) * axes[:, 5]
    matrix = torch.tensor([1.0, 5, 3, 0.1, 0.2, 0])[:, None] * axes.T
    monkeypatch.setattr(space, "_map", lambda z, labels: z @ matrix + classes[labels])
    directions = find_style_directions(space, "principal", num=3)
    cosines = (directions * axes.T[[1, 2, 0]]).sum(1)
    assert_close(cosines.abs(), torch.ones(3), atol=0.01, rtol=0)
    assert_close(directions.norm(dim=1), torch.ones(3))
    assert space.deviation(axes[:, 1]) == pytest.approx(5, rel=0.03)


def test_factorized_directions_in_w_are_those_of_the_stacked_affine_layers() -> None:
    game = styled_model()
    assert game.ema is not None
    network = game.ema.network
    assert isinstance(network, Generator)
    for number, (_, layer) in enumerate(network.synthesis.affine_layers()):
        with torch.no_grad():
            layer.weight.zero_()
            layer.weight[0, number % 6] = number + 1
    last = game.num_layers - 1
    assert sorted(number for number, _ in network.synthesis.affine_layers()) == [0, 1, 1, 2, 3, 3, 4, 5]
    assert_close(find_style_directions(SpaceW(game), "factorized", num=2), torch.eye(6)[[1, 0]])
    only = find_style_directions(SpaceW(game, layers=range(last, last + 1)), "factorized", num=1)
    assert_close(only, torch.eye(6)[[1]])  # the last layer that outputs an image is the eighth of them


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
