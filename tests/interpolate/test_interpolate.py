"""``python -m gan.interpolate``: number, size and end points of frames, and errors."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import gan
from gan.interpolate.morph import keyframe_labels, morph
from gan.models.interpolation import PATHS
from gan.models.latent_space import SpaceW
from tests.conftest import LIVELY, TINY, Run, run_here
from tests.test_errors import error_line


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a conditional GAN."""
    folder = tmp_path_factory.mktemp("cgan")
    options = [*TINY, *LIVELY, "model=cgan", f"hydra.run.dir={folder}"]
    run = run_here("train.py", *options)
    assert run.status == 0, run.err
    return folder


def interpolate(folder: Path, *options: str) -> Run:
    return run_here("-m", "gan.interpolate", str(folder), *options)


def tiles(path: Path) -> np.ndarray:
    """Split a strip of 28x28 images, with a margin of two pixels, into an array (rows, columns, 28, 28)."""
    pixels = np.asarray(Image.open(path).convert("L"))
    rows, columns = (size // 30 for size in pixels.shape)
    return pixels[2:, 2:].reshape(rows, 30, columns, 30)[:, :28, :, :28].transpose(0, 2, 1, 3)


def pixels(folder: Path, num: int, labels: list[int] | None = None, seed: int = 0) -> np.ndarray:
    generator = gan.load(folder)
    return generator.data.discretize(generator.sample(num, labels, seed))[:, 0].numpy()


def equal_up_to_rounding(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.abs(one.astype(int) - other.astype(int)).max() <= 1)


@pytest.mark.parametrize("path", PATHS)
def test_strip_passes_through_the_samples_of_its_seeds(folder: Path, path: str, tmp_path: Path) -> None:
    out = tmp_path / "strip.png"
    options = ["--seeds", "3", "1", "2", "--num", "4", "--steps", "5", "--path", path, "--out", str(out)]
    done = interpolate(folder, *options)
    assert done.status == 0, done.err
    assert f"Wrote 11 frames of 4 samples to {out}" in done.out
    strip = tiles(out)
    assert strip.shape[:2] == (4, 11)
    for column, seed in ((0, 3), (5, 1), (10, 2)):
        assert equal_up_to_rounding(strip[:, column], pixels(folder, 4, seed=seed))


def test_classes_change_with_fixed_noise(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "strip.png"
    done = interpolate(folder, "--classes", "3", "8", "--num", "2", "--steps", "4", "--out", str(out))
    assert done.status == 0, done.err
    strip = tiles(out)
    assert equal_up_to_rounding(strip[:, 0], pixels(folder, 2, [3]))
    assert equal_up_to_rounding(strip[:, -1], pixels(folder, 2, [8]))
    assert not equal_up_to_rounding(strip[:, 0], strip[:, -1])


def test_loop_ends_with_the_first_frame(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "film.gif"
    options = ["--seeds", "0", "1", "--num", "6", "--steps", "4", "--loop", "--fps", "10", "--out", str(out)]
    assert interpolate(folder, *options).status == 0
    with Image.open(out) as animation:
        assert (animation.n_frames, animation.info["duration"], animation.info["loop"]) == (9, 100, 0)
        assert min(animation.size) >= 256, "small images are enlarged"
        frames = []
        for index in range(animation.n_frames):
            animation.seek(index)
            frames.append(np.asarray(animation.convert("RGB")))
    assert np.array_equal(frames[0], frames[-1])
    assert not np.array_equal(frames[0], frames[4])
    assert interpolate(folder, *options[:-1], str(tmp_path / "again.gif")).status == 0
    assert out.read_bytes() == (tmp_path / "again.gif").read_bytes()


def test_mp4(folder: Path, tmp_path: Path) -> None:
    av = pytest.importorskip("av", reason="needs pip install -e '.[video]'")
    out = tmp_path / "film.mp4"
    assert interpolate(folder, "--classes", "0", "1", "2", "--steps", "3", "--loop", "--out", str(out)).status == 0
    with av.open(out) as container:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]
    assert len(frames) == 10
    to_last, to_middle = (np.abs(frames[0] - frames[index]).mean() for index in (-1, 4))
    assert to_last < to_middle / 2, "equal up to compression"


@pytest.mark.parametrize("loop", [False, True])
def test_interpolation_to_another_checkpoint(folder: Path, loop: bool, tmp_path: Path) -> None:
    early, late, out = folder / "early.ckpt", folder / "checkpoints" / "last.ckpt", tmp_path / "strip.png"
    checkpoint = torch.load(late, weights_only=True)
    for name, value in checkpoint["state_dict"].items():
        if name.startswith("ema.network.layers.0"):
            value.mul_(0.5)
    torch.save(checkpoint, early)
    done = interpolate(early, "--to", str(late), "--num", "3", "--steps", "4", "--out", str(out), *["--loop"][:loop])
    assert done.status == 0, done.err
    strip = tiles(out)
    assert strip.shape[:2] == (3, 9 if loop else 5)
    assert equal_up_to_rounding(strip[:, 0], pixels(early, 3))
    assert equal_up_to_rounding(strip[:, 4], pixels(late, 3))
    assert not equal_up_to_rounding(strip[:, 0], strip[:, 4])
    assert not loop or np.array_equal(strip[:, 0], strip[:, -1])


def test_last_frame_has_the_last_class(folder: Path) -> None:
    generator = gan.load(folder)
    labels = keyframe_labels(generator, [1, 7], num=2)
    *_, last = morph(generator, generator.inputs(2), [generator.latents(2)], labels, steps=2, path="linear", loop=False)
    assert torch.equal(last, generator(generator.latents(2), torch.tensor([7, 7])))


def test_paths_in_w_are_straight_lines(train: Callable[..., Run], tmp_path: Path) -> None:
    run, out = train(*TINY, "model=stylegan2", "model.num_classes=10", "trainer.max_steps=1"), tmp_path / "strip.png"
    options = ["--seeds", "3", "1", "--classes", "2", "7", "--num", "2", "--steps", "2", "--truncation", "0.7"]
    done = interpolate(run.folder, *options, "--space", "w", "--out", str(out))
    assert done.status == 0, done.err
    generator = gan.load(run.folder)
    ends = [generator.inputs(2, [label], seed, 0.7) for label, seed in ((2, 3), (7, 1))]
    space = SpaceW(generator.model)
    middle = space.replace(ends[0], sum(space.vectors(end) for end in ends) / 2)
    for column, inputs in enumerate([ends[0], middle, ends[1]._replace(noise=ends[0].noise)]):
        images = generator.data.discretize(generator.generate(inputs))[:, 0].numpy()
        assert equal_up_to_rounding(tiles(out)[:, column], images)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--space", "w"], "CGAN has no space W"),
        (["--space", "w", "--path", "spherical"], "in w, paths are straight lines"),
        (["--space", "w", "--to", "x.ckpt"], "leave --space out"),
        (["--seeds", "1"], "at least two seeds, two classes"),
        (["--seeds", "-1", "2"], "at least 0"),
        (["--classes", "1", "10"], "there is no class 10: .* has classes 0 to 9"),
        (["--steps", "0"], "at least 1"),
        (["--fps", "0"], "above 0"),
        (["--truncation", "-1"], "truncation must be above 0"),
        (["--out", "morph.avi"], r"use the suffix \.png, \.gif or \.mp4"),
        (["--out", "/proc/missing/morph.gif"], "/proc/missing"),
        (["--to", "missing.ckpt"], "no checkpoint at missing.ckpt"),
        (["--to", "x.ckpt", "--seeds", "0", "1"], "only one seed"),
    ],
)
def test_bad_input(folder: Path, options: list[str], message: str) -> None:
    assert re.search(message, error_line(interpolate(folder, *options)))


def test_unsuitable_generators(folder: Path, train: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    plain = train(*TINY, "model=mlp_gan", "trainer.max_steps=1", name="plain").folder
    assert "takes no classes" in error_line(interpolate(plain, "--classes", "0", "1"))
    assert "different networks" in error_line(interpolate(plain, "--to", str(folder)))
    points = train(*TINY, "model=mlp_gan", "data=ring8", "trainer.max_steps=1", name="points").folder
    assert "generates points" in error_line(interpolate(points))
    monkeypatch.setitem(sys.modules, "av", None)
    assert "pip install -e '.[video]'" in error_line(interpolate(plain, "--out", "film.mp4"))
