"""``python -m gan.explore codes``: the figure, and errors."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import gan
from tests.conftest import LIVELY, TINY, Run, run_here
from tests.test_errors import error_line

Train = Callable[..., Run]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with three categories and one continuous code."""
    folder = tmp_path_factory.mktemp("infogan")
    codes = ["model.num_classes=3", "model.continuous=1", "model.latent_dim=5"]
    run = run_here("train.py", *TINY, *LIVELY, "model=infogan", *codes, f"hydra.run.dir={folder}")
    assert run.status == 0, run.err
    return folder


def explore(folder: Path, *options: str) -> Run:
    return run_here("-m", "gan.explore", "codes", str(folder), *options)


def tiles(picture: np.ndarray, left: int, columns: int, rows: int) -> np.ndarray:
    """Crop 28x28 tiles, as (rows, columns, 28, 28), from a figure at twice the size below a title."""
    grid = picture[-2 * (30 * rows + 2) :: 2, 2 * left : 2 * (left + 30 * columns + 2) : 2]
    return grid[2:, 2:].reshape(rows, 30, columns, 30)[:, :28, :, :28].transpose(0, 2, 1, 3)


def test_figure(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "codes.png"
    done = explore(folder, "--num", "4", "--steps", "3", "--reach", "1.5", "--out", str(out))
    assert done.status == 0, done.err
    assert f"Wrote {out}" in done.out
    picture = np.asarray(Image.open(out).convert("L"))
    generator = gan.load(folder)

    def pixels(z: torch.Tensor, labels: torch.Tensor) -> np.ndarray:
        return generator.data.discretize(generator(z, labels))[:, 0].numpy().astype(int)

    z = generator.latents(4)
    shown = tiles(picture, 0, 3, 4)
    for category in range(3):
        expected = pixels(z, torch.full((4,), category))
        assert np.abs(shown[:, category] - expected).max() <= 3, "the same noise in each category"
    shown = tiles(picture, 3 * 30 + 2 + 12, 3, 4)
    for column, value in enumerate((-1.5, 0.0, 1.5)):
        z[:, -1] = value
        assert np.abs(shown[:, column] - pixels(z, torch.arange(4) % 3)).max() <= 3, "only the last entry of z moves"


def test_a_run_without_codes(train: Train, tmp_path: Path) -> None:
    run = train(*TINY, "model=cgan", "trainer.max_steps=1")
    message = error_line(run_here("-m", "gan.explore", "codes", str(run.folder), "--out", str(tmp_path / "x.png")))
    assert message == f"error: {run.folder} has no codes: only runs of model=infogan have them"


@pytest.mark.parametrize(
    ("options", "message"),
    [(["--reach", "0"], "--reach must be above 0"), (["--num", "0"], "--num must be"), (["--out", "x"], "end it in")],
)
def test_bad_input(folder: Path, options: list[str], message: str) -> None:
    assert message in error_line(explore(folder, *options))
