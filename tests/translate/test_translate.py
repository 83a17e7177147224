"""``python -m gan.translate``, ``gan.load(run).translate`` and exports of translators, from training on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import gan
from tests.conftest import Run, run_here
from tests.test_errors import error_line

STEPS = ["logger=none", "trainer=cpu", "callbacks.evaluation=null", "trainer.max_steps=2", "data.batch_size=4"]


def pairs(folder: Path) -> str:
    """Write pairs of 16 pixels, side by side, and return the option that names them."""
    rng = np.random.default_rng(0)
    for split in ("train", "test"):
        (folder / split).mkdir(parents=True)
        for number in range(4):
            Image.fromarray(rng.integers(0, 256, (16, 32, 3), dtype=np.uint8)).save(folder / split / f"{number}.png")
    return f"data.path={folder}"


@pytest.mark.long
def test_pix2pix_from_training_to_every_use(train: Callable[..., Run], tmp_path: Path) -> None:
    options = ["model=pix2pix", "data=pairs", "data.image_size=16", "model.generator.width=4"]
    run = train(*STEPS, *options, pairs(tmp_path / "pairs"), "model.discriminator.n_layers=1")
    assert run.status == 0, run.err
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    for name, size in (("a.png", (20, 33)), ("b.png", (20, 33)), ("c.jpg", (7, 9))):
        Image.effect_noise(size, 60).save(photos / name)
    (photos / "broken.png").write_bytes(b"no image")

    done = run_here("-m", "gan.translate", str(run.folder), str(photos), "--out", str(out), "--batch-size", "2")
    assert done.status == 2
    assert "Wrote 3 images" in done.out
    assert "broken.png" in done.err
    assert done.err.splitlines()[-1] == "error: 1 of 4 images could not be translated"
    assert {path.name: Image.open(path).size for path in out.iterdir()} == {
        "a.png": (20, 33),
        "b.png": (20, 33),
        "c.png": (7, 9),
    }
    generator = gan.load(run.folder)
    images = generator.data.discretize(generator.translate([photos / "a.png", photos / "b.png"])).int()
    written = np.stack([np.asarray(Image.open(out / name)) for name in ("a.png", "b.png")])
    assert np.abs(images.permute(0, 2, 3, 1).numpy() - written).max() <= 1, "equal to rounding"

    onnxruntime = pytest.importorskip("onnxruntime", reason="needs pip install -e '.[export]'")
    sources = 2 * torch.rand(3, 3, 16, 16) - 1
    for noise, options in ((True, []), (False, ["--no-noise"])):
        exported = tmp_path / f"exported_{noise}"
        done = run_here("-m", "gan.export", str(run.folder), "--out", str(exported), *options)
        assert done.status == 0, done.err
        session = onnxruntime.InferenceSession(exported / "generator.onnx", providers=["CPUExecutionProvider"])
        program = torch.export.load(exported / "generator.pt2").module()
        for inputs in (sources,) if noise else (sources, 2 * torch.rand(1, 3, 48, 32) - 1):
            expected = generator.translate(inputs, noise=noise)
            by_onnx = torch.from_numpy(session.run(["images"], {"source": inputs.numpy()})[0])
            torch.testing.assert_close(by_onnx, expected, rtol=0, atol=1e-4)
            torch.testing.assert_close(program(inputs), expected, rtol=0, atol=1e-4)
    assert torch.equal(gan.load(exported).translate(sources), generator.translate(sources))

    for command, figure in ((["gan.interpolate"], "x.png"), (["gan.explore", "directions"], "x")):
        refused = run_here("-m", *command, str(run.folder), "--out", str(tmp_path / figure))
        assert "has no latent vector to move along: use python -m gan.translate" in refused.err


@pytest.mark.long
def test_cyclegan_translates_in_both_directions(train: Callable[..., Run], tmp_path: Path) -> None:
    run = train(*STEPS, "model=cyclegan", "data=mnist_to_optdigits", "model.generator.a_to_b.width=2")
    assert run.status == 0, run.err
    image, outs = tmp_path / "image.png", [tmp_path / "AtoB", tmp_path / "BtoA"]
    Image.effect_noise((30, 50), 60).save(image)
    for out in outs:
        done = run_here("-m", "gan.translate", str(run.folder), str(image), "--out", str(out), "--direction", out.name)
        assert (done.status, done.out) == (0, f"Wrote 1 image to {out}\n"), done.err
    forth, back = (np.asarray(Image.open(out / "image.png")) for out in outs)
    assert forth.shape == back.shape == (50, 30)
    assert not np.array_equal(forth, back)
    refused = run_here("-m", "gan.translate", str(run.folder), str(image), "--out", str(image))
    assert "is a file: name a folder" in error_line(refused)
