"""``python -m gan.explore styles``: the grid, the styles of its images, and errors."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.testing import assert_close

import gan
from gan.explore.styles import mix
from gan.images import to_uint8
from tests.conftest import TINY, Run, run_here
from tests.test_errors import error_line

Train = Callable[..., Run]
STYLED = ["model=stylegan2", "model.generator.width=4", "trainer.max_steps=1"]


def show(run: Run, *options: str) -> Run:
    return run_here("-m", "gan.explore", "styles", str(run.folder), *options)


def test_rows_have_coarse_styles_and_columns_fine_ones(train: Train, tmp_path: Path) -> None:
    run, out = train(*TINY, *STYLED), tmp_path / "styles.png"
    shown = show(run, "--rows", "2", "--columns", "3", "--crossover", "2", "--out", str(out))
    assert shown.out == f"Wrote {out}\n", shown.err
    with Image.open(out) as image:
        assert image.size == (4 * (28 + 2) + 2, 3 * (28 + 2) + 2)
        first_row = np.asarray(image.convert("L"))[2 : 2 + 28, 2 + 30 :]

    generator = gan.load(run.folder)
    fine = to_uint8(generator.sample(5))[2:, 0]
    assert_close(torch.tensor(first_row.reshape(28, 3, 30)[:, :, :28]).transpose(0, 1), fine, rtol=0, atol=1)
    inputs = generator.inputs(3)
    with generator.model.inference_network() as network:
        mixed = generator.model.run_generator(network, mix(inputs, torch.tensor([0]), torch.tensor([2]), 2))
        sources = generator.model.run_generator(network, inputs)
    assert mixed.w is not None
    assert sources.w is not None
    assert_close(mixed.w[0], torch.cat([sources.w[0, :2], sources.w[2, 2:]]))


@pytest.mark.long
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--crossover", "6"], "--crossover must be from 1 to 5, not 6"),
        (["--rows", "0"], "--rows must be at least 1"),
        (["--out", "styles.jpg"], r"--out styles.jpg: end it in .png"),
    ],
)
def test_errors(train: Train, options: list[str], message: str) -> None:
    assert message in error_line(show(train(*TINY, *STYLED), *options))


@pytest.mark.long
def test_other_models_have_no_styles(train: Train) -> None:
    assert "has no styles: only runs of model=stylegan2" in error_line(show(train(*TINY, "trainer.max_steps=1")))
