"""``python -m gan.explore project``: projections of generated and other images, the figure, and errors."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.testing import assert_close

import gan
from gan.latent.projection import project
from tests.conftest import TINY, Run, run_here
from tests.test_errors import error_line

Train = Callable[..., Run]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    shades = np.linspace(0, 255, 28 * 28).astype(np.uint8).reshape(28, 28)
    Image.fromarray(shades).save(tmp_path / "image.png")
    return tmp_path / "image.png"


@pytest.mark.parametrize("options", [["model=dcgan"], ["model=mlp_gan", "model.latent=uniform"], ["model=cgan"]])
def test_descent_reduces_the_distance_and_keeps_z_in_its_domain(options: list[str], train: Train) -> None:
    generator = gan.load(train(*TINY, *options, "trainer.max_steps=1").folder)
    image = generator.sample(3000, seed=7)[2999]
    projection = project(generator, image, steps=60)
    assert projection.distance < 0.7 * projection.start_distance
    again = generator(projection.z[None], torch.tensor([projection.label]))[0]
    assert_close(again, projection.image)
    assert float((again - image).square().mean().sqrt()) == pytest.approx(projection.distance, rel=1e-3)
    if generator.model.latent == "normal":
        assert projection.z.norm().item() == pytest.approx(10, rel=1e-4)
    else:
        assert projection.z.abs().max() <= 1


def test_the_command(image: Path, train: Train, tmp_path: Path) -> None:
    run, out = train(*TINY, "trainer.max_steps=1"), tmp_path / "projection.png"
    options = ["--steps", "5", "--starts", "2", "--out", str(out)]
    done = run_here("-m", "gan.explore", "project", str(run.folder), str(image), *options)
    assert done.status == 0, done.err
    last, first = (float(x) for x in re.findall(r"^(?:Distance|Nearest of 2,048 samples at) ([\d.]+)", done.out, re.M))
    assert 0 < last <= first < 255
    z = np.load(tmp_path / "projection.npy")
    generator = gan.load(run.folder)
    made = generator.data.discretize(generator(torch.from_numpy(z)[None]))[0, 0].float()
    real = torch.from_numpy(np.array(Image.open(image))).float()
    assert (made - real).square().mean().sqrt().item() == pytest.approx(last, abs=0.5)
    with Image.open(out) as picture:
        assert picture.width > 4 * 28 * 4


@pytest.mark.parametrize("compared", ["in features", "in pixels"])
def test_the_command_in_w(
    image: Path, train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compared: str
) -> None:
    if compared == "in pixels":
        monkeypatch.setitem(sys.modules, "efficientnet_lite_pytorch", None)
    else:
        pytest.importorskip("efficientnet_lite_pytorch")
    run, out = train(*TINY, "model=stylegan2", "trainer.max_steps=1"), tmp_path / "projection.png"
    done = run_here(*("-m", "gan.explore", "project", str(run.folder), str(image)), "--steps", "10", "--out", str(out))
    assert done.status == 0, done.err
    assert ("in pixels alone: features of EfficientNet-Lite0 needs packages" in done.out) == (compared == "in pixels")
    distances = re.findall(r"^(?:Distance|Image of the mean of w at) ([\d.]+)", done.out, re.M)
    assert float(distances[0]) < float(distances[1])
    arrays = {name: torch.from_numpy(x) for name, x in np.load(tmp_path / "projection.npz").items()}
    generator = gan.load(run.folder)
    made = generator.data.discretize(generator.generate(generator.inputs(1)._replace(noise=arrays)))[0, 0].float()
    real = torch.from_numpy(np.array(Image.open(image))).float()
    assert (made - real).square().mean().sqrt().item() == pytest.approx(float(distances[0]), abs=0.5)
    with Image.open(out) as picture:
        assert picture.width > 4 * 28 * 4


@pytest.mark.parametrize("size", [(28, 28), (32, 40)])
def test_images_of_other_sizes_need_fit(size: tuple[int, int], train: Train, tmp_path: Path) -> None:
    run, image, out = train(*TINY, "trainer.max_steps=1"), tmp_path / "image.jpg", tmp_path / "x.png"
    Image.new("RGB", size, (200, 10, 10)).save(image)
    command = ["-m", "gan.explore", "project", str(run.folder), str(image), "--steps", "2", "--out", str(out)]
    if size != (28, 28):
        assert "has 32x40 pixels, the generator's images 28x28: --fit crops and resizes it" in error_line(
            run_here(*command)
        )
    assert run_here(*command, "--fit").status == 0


def test_bad_input(image: Path, train: Train, tmp_path: Path) -> None:
    run = train(*TINY, "trainer.max_steps=1")
    (tmp_path / "text.png").write_text("no image")

    def error(*options: str) -> str:
        return error_line(run_here("-m", "gan.explore", "project", str(run.folder), *options))

    assert "cannot read the image nowhere.png (No such file or directory)" in error("nowhere.png")
    assert "text.png (its content is of no format that is read here)" in error(str(tmp_path / "text.png"))
    assert "--steps must be at least 1" in error(str(image), "--steps", "0")
    assert "--starts must be at least 1" in error(str(image), "--starts", "0")
    assert "DCGAN has no space W" in error(str(image), "--space", "w+")
    assert "--starts is for --space z" in error(str(image), "--space", "w+", "--starts", "2")
    assert "end it in .png" in error(str(image), "--out", "x.jpg")
