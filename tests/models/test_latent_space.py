"""Latent spaces: vectors of samples, and inputs with other vectors, in some layers or all."""

import pytest
import torch
from torch.testing import assert_close

from gan.errors import UserError
from gan.instantiate import build
from gan.models.latent_space import SpaceW, SpaceZ, open_space
from gan.models.sampler import Sampler
from gan.models.stylegan2 import StyleGAN2
from tests.models.test_stylegan2 import model
from tests.test_conf import composed


def by_layer(game: StyleGAN2, space: SpaceW, vectors: torch.Tensor) -> torch.Tensor:
    inputs = game.sample_input(range(len(vectors)))
    with game.inference_network() as network:
        w = game.run_generator(network, space.replace(inputs, vectors)).w
    assert w is not None
    return w


def test_w_replaces_what_z_is_mapped_to() -> None:
    game = model()
    space = SpaceW(game)
    inputs = game.sample_input(range(3))
    with game.inference_network() as network:
        output = game.run_generator(network, inputs)
        again = game.run_generator(network, space.replace(inputs, space.vectors(inputs)))
    assert output.w is not None
    assert_close(space.vectors(inputs), output.w[:, 0])
    assert_close(again.images, output.images)
    assert_close(by_layer(game, space, torch.ones(2, 6)), torch.ones(2, 6, 6))


def test_layers_that_are_not_chosen_keep_their_vector() -> None:
    game = model()
    own = SpaceW(game).vectors(game.sample_input(range(2)))
    w = by_layer(game, SpaceW(game, layers=range(1, 3)), torch.ones(2, 6))
    assert_close(w[:, 1:3], torch.ones(2, 2, 6))
    assert_close(w[:, [0, 3, 4, 5]], own[:, None].expand(-1, 4, -1))


def test_differences_have_no_mean_in_any_class() -> None:
    differences = SpaceW(model("model.num_classes=3")).differences(300)
    for label in range(3):
        assert_close(differences[label::3].mean(0), torch.zeros(6), atol=1e-6, rtol=0)
    assert (differences.std(0) > 0.01).all()


def test_spaces_by_name() -> None:
    game, plain = model(), build(composed("model=mlp_gan", "model.latent=uniform").model)
    assert isinstance(open_space(game), SpaceW)
    assert isinstance(open_space(game, name="z"), SpaceZ)
    space = open_space(plain)
    assert isinstance(space, SpaceZ)
    inputs = plain.sample_input(range(2000))
    assert space.deviation(torch.eye(plain.latent_dim)[0]) == pytest.approx(inputs.z[:, 0].std().item(), rel=0.05)
    assert_close(space.vectors(space.replace(inputs, torch.ones(2000, 100))), torch.ones(2000, 100))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": "w"}, "Sampler has no space W: only runs of model=stylegan2 have it"),
        ({"layers": range(2)}, "a range of layers can only be chosen in space W"),
    ],
)
def test_models_without_w(settings: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        open_space(Sampler(torch.nn.Identity()), **settings)


@pytest.mark.parametrize("layers", [range(2, 7), range(2, 2), range(-1, 2)])
def test_ranges_of_layers_that_do_not_exist(layers: range) -> None:
    with pytest.raises(UserError, match="there are layers 0 to 5, and no range"):
        SpaceW(model(), layers=layers)
