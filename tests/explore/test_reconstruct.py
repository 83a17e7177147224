"""``python -m gan.explore reconstruct``: the figure and the printed values; and views that a model does not support."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

import gan
from tests.conftest import TINY, Run, run_here
from tests.test_errors import error_line

Train = Callable[..., Run]


@pytest.mark.parametrize(("model", "names"), [("vae", {"kl", "elbo"}), ("vqvae", {"prior", "elbo", "perplexity"})])
def test_the_figure(model: str, names: set[str], train: Train, tmp_path: Path) -> None:
    run, out = train(*TINY, f"model={model}", "trainer.max_steps=1"), tmp_path / "figure.png"
    assert run.status == 0, run.err
    shown = run_here("-m", "gan.explore", "reconstruct", str(run.folder), "--num", "5", "--out", str(out))
    assert shown.status == 0, shown.err
    assert re.search(r"^1,000 held-out images, distance \d+\.\d of 255 shades", shown.out)
    assert names <= set(re.findall(r"^(\w+) +-?[\d.e+]+$", shown.out, re.MULTILINE))
    with Image.open(out) as picture:
        assert picture.width > 5 * 28 * 2
        assert picture.height > 2 * 28 * 2


def test_models_without_an_encoder_are_rejected(train: Train, tmp_path: Path) -> None:
    assert "has no encoder" in error_line(
        run_here("-m", "gan.explore", "reconstruct", str(train(*TINY, "trainer.max_steps=1").folder))
    )
    run = train(*TINY, "model=vae", "trainer.max_steps=1", name="vae")
    exported = tmp_path / "exported"
    done = run_here("-m", "gan.export", str(run.folder), "--formats", "safetensors", "--out", str(exported))
    assert done.status == 0, done.err
    assert gan.load(exported).sample(2).shape == (2, 1, 28, 28)
    assert "has no encoder" in error_line(run_here("-m", "gan.explore", "reconstruct", str(exported)))


def test_views_that_need_gradients_reject_discrete_codes(train: Train, tmp_path: Path) -> None:
    run, image = train(*TINY, "model=vqvae", "trainer.max_steps=1"), tmp_path / "image.png"
    Image.new("L", (28, 28)).save(image)
    for view in (["directions", str(run.folder)], ["project", str(run.folder), str(image)]):
        assert "change smoothly with the latent vector, and these do not" in error_line(
            run_here("-m", "gan.explore", *view)
        )
