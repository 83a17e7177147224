"""``python -m gan.explore path_length``: lengths against the derivative, the printed mean, and errors."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.testing import assert_close

import gan
from gan.explore.path_length import Space, perceptual_path_lengths
from gan.nn.pretrained.base import FeatureMaps
from tests.conftest import TINY, Run, run_here
from tests.test_errors import error_line

Train = Callable[..., Run]
STYLED = ["model=stylegan2", "model.generator.width=4", "trainer.max_steps=1"]


class Pixels(FeatureMaps):
    """Features that are the images themselves, with a constant channel so that their length does not vanish."""

    name = "pixels"
    weights_digest = ""

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        return [torch.cat([images, torch.ones_like(images[:, :1])], 1)]


@pytest.mark.parametrize("space", [pytest.param("z", marks=pytest.mark.long), "w"])
def test_lengths_are_squared_derivatives(train: Train, space: Space) -> None:
    """They do not depend on the length of a step, if it is short."""
    generator = gan.load(train(*TINY, *STYLED).folder)
    coarse, fine = (perceptual_path_lengths(generator, Pixels(), 4, space, step, 0) for step in (1e-3, 3e-4))
    assert (fine > 0).all()
    assert_close(coarse, fine, rtol=0.1, atol=0)


@pytest.mark.long
def test_images_that_do_not_change_have_no_length(train: Train) -> None:
    generator = gan.load(train(*TINY, *STYLED).folder)
    for name, parameter in generator.model.named_parameters():
        if name.endswith("style.weight"):
            nn.init.zeros_(parameter)
    assert_close(perceptual_path_lengths(generator, Pixels(), 3, "z", 1e-2, 0), torch.zeros(3))


def test_the_command_prints_the_mean_and_draws_a_histogram(train: Train, tmp_path: Path) -> None:
    out = tmp_path / "lengths.png"
    shown = run_here(
        *("-m", "gan.explore", "path_length", str(train(*TINY, "trainer.max_steps=1").folder)),
        *("--num", "8", "--out", str(out)),
    )
    assert shown.status == 0, shown.err
    assert re.match(r"ppl_z [\d.e+-]+ \(mean of \d paths; all: [\d.e+-]+\)\nWrote ", shown.out)
    with Image.open(out) as image:
        assert image.width > 600


@pytest.mark.long
@pytest.mark.parametrize(
    ("options", "message"),
    [(["--space", "w"], "has no space W"), (["--epsilon", "0"], "--epsilon must be above 0 and below 1")],
)
def test_errors(train: Train, options: list[str], message: str) -> None:
    run = train(*TINY, "trainer.max_steps=1")
    assert message in error_line(run_here("-m", "gan.explore", "path_length", str(run.folder), "--num", "2", *options))
