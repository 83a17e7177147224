"""Projection into W+: the penalty of noise, the learning rate, and images of a generator itself."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

import gan
from gan.errors import UserError
from gan.latent.projection import project
from gan.latent.style_projection import learning_rate_factor, noise_autocorrelation, normalize, project_to_styles
from gan.nn.pretrained.base import FeatureMaps
from tests.conftest import TINY, Run

Train = Callable[..., Run]


class Blurred(FeatureMaps):
    """Features that are averages of pixels, with a constant channel so that their length does not vanish."""

    name = "blurred"
    weights_digest = ""

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        return [torch.nn.functional.avg_pool2d(torch.cat([images, torch.ones_like(images[:, :1])], 1), 4)]


def test_autocorrelation_by_hand() -> None:
    """The rows 1 2 and 3 4 have the products 2, 2, 12, 12 along rows, and 3, 8, 3, 8 along columns."""
    noise = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    assert noise_autocorrelation(noise).item() == pytest.approx(7**2 + 5.5**2)


def test_autocorrelation_of_coarser_maps_is_added() -> None:
    """Of 16x16 ones, both directions give 1; of the 8x8 twos, 4; and there is no smaller map."""
    assert noise_autocorrelation(torch.ones(1, 1, 16, 16)).item() == pytest.approx(2 * 1**2 + 2 * 4**2)


def test_white_noise_has_a_smaller_penalty_than_smooth_noise_at_any_scale() -> None:
    torch.manual_seed(0)
    white = torch.randn(1, 1, 64, 64)
    coarse = torch.randn(1, 1, 16, 16).repeat_interleave(4, 2).repeat_interleave(4, 3)
    assert noise_autocorrelation(white) < 0.2
    assert noise_autocorrelation(coarse) > 1


def test_noise_is_normalised() -> None:
    noise = [3 + 2 * torch.randn(1, 1, 8, 8)]
    normalize(noise)
    assert_close(noise[0].mean(), torch.tensor(0.0), atol=1e-6, rtol=0)
    assert_close(noise[0].square().mean(), torch.tensor(1.0))


def test_the_learning_rate_rises_and_falls() -> None:
    factors = [learning_rate_factor(t) for t in (0, 0.025, 0.05, 0.5, 0.75, 0.875, 1)]
    assert factors == pytest.approx([0, 0.5, 1, 1, 1, 0.5, 0])


@pytest.mark.parametrize("network", [None, pytest.param(Blurred(), marks=pytest.mark.long)])
def test_a_sample_is_found_more_closely_than_by_search(train: Train, network: FeatureMaps | None) -> None:
    generator = gan.load(train(*TINY, "model=stylegan2", "trainer.max_steps=1").folder)
    image = generator.sample(3000, seed=7)[2999]
    found = project_to_styles(generator, image, network, steps=80)
    searched = project(generator, image, steps=1, starts=1)
    assert found.distance < 0.7 * searched.start_distance
    assert found.distance < found.start_distance
    assert found.w.shape == (6, 64)
    again = generator.generate(found.inputs)[0]
    assert_close(again, found.image)
    assert float((again - image).square().mean().sqrt()) == pytest.approx(found.distance, rel=1e-3)
    for name, noise in (found.inputs.noise or {}).items():
        if name != "w":
            assert_close(noise.square().mean(), torch.tensor(1.0))


def test_other_models_have_no_such_space(train: Train) -> None:
    generator = gan.load(train(*TINY, "trainer.max_steps=1").folder)
    with pytest.raises(UserError, match="DCGAN has no space W"):
        project_to_styles(generator, generator.sample(1)[0])
