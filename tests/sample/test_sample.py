"""``python -m gan.sample``: every form, the same images however they are asked for, classes and truncation."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import LIVELY, TINY, Run, run_here, run_python
from tests.test_errors import said

Train = Callable[..., Run]
STEPS = ["trainer.max_steps=2", "evaluate.every_n_steps=2"]


def test_sampling_from_a_checkpoint_alone(train: Train) -> None:
    run = train(*TINY, *STEPS)
    ckpt = run.folder / "best.ckpt"
    (run.folder / "checkpoints" / "best.ckpt").rename(ckpt)
    (run.folder / "config.yaml").unlink()

    def sample(*options: str) -> Run:
        return run_here("-m", "gan.sample", str(ckpt), *options)

    grid, array, folder = (run.folder / name for name in ("grid.png", "images.npz", "images"))
    assert sample("--num", "64", "--out", str(grid)).status == 0
    assert np.asarray(Image.open(grid)).shape[:2] == (8 * 30 + 2, 8 * 30 + 2)
    assert sample("--num", "10", "--batch-size", "3", "--out", str(array)).status == 0
    images = np.load(array)["images"]
    assert images.shape == (10, 28, 28, 1)
    assert images.dtype == np.uint8
    done = sample("--num", "10", "--out", str(folder))
    assert f"Wrote 10 images to {folder}" in done.out
    for number, image in enumerate(images):
        written = np.asarray(Image.open(folder / f"{number}.png"), dtype=np.int16)
        assert np.abs(written - image[..., 0]).max() <= 1, "the same on any batch size, but for rounding"
    for options, message in (
        (["--num", "0"], "--num"),
        (["--out", "x.jpg"], ".png or .npz"),
        (["--out", "/proc/nowhere/x.png"], "/proc/nowhere"),
    ):
        refused = sample(*options)
        assert (refused.status, refused.err.count("\n")) == (2, 1)
        assert message in refused.err


def arrays(folder: Path, out: Path, *options: str) -> np.ndarray:
    done = run_here("-m", "gan.sample", str(folder), "--out", str(out), *options)
    assert done.status == 0, done.err
    return np.load(out)["images"][..., 0].astype(int)


def test_classes_and_truncation(train: Train, tmp_path: Path) -> None:
    run, out = train(*TINY, *LIVELY, "model=cgan"), tmp_path / "images.npz"
    every, some = arrays(run.folder, out, "--num", "20"), arrays(run.folder, out, "--num", "20", "--classes", "0", "3")
    assert np.abs(every[10] - some[10]).max() <= 1, "its turn is of class 0 in both"
    assert np.abs(every[13] - some[13]).max() <= 1, "of class 3"
    assert np.abs(every[1] - some[1]).max() > 1
    narrow = arrays(run.folder, out, "--num", "200", "--classes", "3", "--truncation", "0.1")
    wide = arrays(run.folder, out, "--num", "200", "--classes", "3")
    assert narrow.std(0).mean() < 0.5 * wide.std(0).mean()


def test_the_last_weights_where_nothing_was_scored(train: Train, tmp_path: Path) -> None:
    run = train(*TINY, *STEPS, "callbacks.evaluation=null")
    assert run.status == 0, run.err
    assert not (run.folder / "checkpoints" / "best.ckpt").exists()
    assert arrays(run.folder, tmp_path / "images.npz", "--num", "3").shape == (3, 28, 28)


@pytest.mark.parametrize("name", ["images.npz", "folder"])
def test_several_processes_make_the_same_images(name: str, train: Train, tmp_path: Path) -> None:
    run = train(*TINY, *LIVELY)

    def sample(out: Path, *launcher: str) -> list[np.ndarray]:
        command = ["-m", "gan.sample", str(run.folder), "-n", "11", "--out", str(out)]
        done = (run_python if launcher else run_here)(*launcher, *command)
        assert done.status == 0, done.err
        assert done.out.count("Wrote 11 images") == 1
        files = sorted(out.iterdir()) if out.is_dir() else [out]
        return [np.load(f)["images"] if f.suffix == ".npz" else np.asarray(Image.open(f)) for f in files]

    alone = sample(tmp_path / "one" / name)
    together = sample(tmp_path / "two" / name, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
    assert len(alone) == (11 if name == "folder" else 1)
    for one, two in zip(alone, together, strict=True):
        assert np.abs(one.astype(int) - two.astype(int)).max() <= 1, "but for rounding"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--classes", "3"], "takes no classes"),
        (["--seed", "-1"], "--seed must be at least 0"),
        (["--truncation", "0"], "truncation must be above 0"),
        (["--batch-size", "0"], "--batch-size must be at least 1"),
    ],
)
def test_bad_input(options: list[str], message: str, train: Train) -> None:
    run = train(*TINY, *STEPS)
    assert message in said(run_here("-m", "gan.sample", str(run.folder), *options))
