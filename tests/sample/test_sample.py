"""``python -m gan.sample``: output formats, reproducible images, classes, truncation, and several ranks."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import LIVELY, TINY, Run, run_here, run_ranks
from tests.test_errors import error_line

Train = Callable[..., Run]
STEPS = ["trainer.max_steps=2", "evaluate.every_n_steps=2"]


def test_formats_of_a_checkpoint_without_its_run(train: Train) -> None:
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
        assert np.abs(written - image[..., 0]).max() <= 1, "equal up to rounding for any batch size"
    for options, message in (
        (["--num", "0"], "--num"),
        (["--out", "x.jpg"], ".png or .npz"),
        (["--out", "/proc/missing/x.png"], "/proc/missing"),
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
    all_classes = arrays(run.folder, out, "--num", "20")
    two_classes = arrays(run.folder, out, "--num", "20", "--classes", "0", "3")
    assert np.abs(all_classes[10] - two_classes[10]).max() <= 1, "class 0 in both"
    assert np.abs(all_classes[13] - two_classes[13]).max() <= 1, "class 3 in both"
    assert np.abs(all_classes[1] - two_classes[1]).max() > 1
    truncated = arrays(run.folder, out, "--num", "200", "--classes", "3", "--truncation", "0.1")
    untruncated = arrays(run.folder, out, "--num", "200", "--classes", "3")
    assert truncated.std(0).mean() < 0.5 * untruncated.std(0).mean()


def test_a_run_without_evaluation_uses_its_last_checkpoint(train: Train, tmp_path: Path) -> None:
    run = train(*TINY, *STEPS, "callbacks.evaluation=null")
    assert run.status == 0, run.err
    assert not (run.folder / "checkpoints" / "best.ckpt").exists()
    assert arrays(run.folder, tmp_path / "images.npz", "--num", "3").shape == (3, 28, 28)


@pytest.mark.parametrize(
    ("name", "torchrun"),
    [
        pytest.param("images.npz", False, marks=pytest.mark.long),
        ("folder", False),
        pytest.param("folder", True, marks=pytest.mark.long),
    ],
)
def test_ranks_generate_the_same_images_as_one_process(name: str, torchrun: bool, train: Train, tmp_path: Path) -> None:
    run = train(*TINY, *LIVELY)

    def sample(out: Path, ranks: int) -> list[np.ndarray]:
        command = ["-m", "gan.sample", str(run.folder), "-n", "11", "--out", str(out)]
        done = run_here(*command) if ranks == 1 else run_ranks(ranks, *command, torchrun=torchrun)
        assert done.status == 0, done.err
        assert done.out.count("Wrote 11 images") == 1
        files = sorted(out.iterdir()) if out.is_dir() else [out]
        return [np.load(f)["images"] if f.suffix == ".npz" else np.asarray(Image.open(f)) for f in files]

    one_process = sample(tmp_path / "one" / name, 1)
    two_processes = sample(tmp_path / "two" / name, 2)
    assert len(one_process) == (11 if name == "folder" else 1)
    for one, two in zip(one_process, two_processes, strict=True):
        assert np.abs(one.astype(int) - two.astype(int)).max() <= 1, "equal up to rounding"


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
    assert message in error_line(run_here("-m", "gan.sample", str(run.folder), *options))
