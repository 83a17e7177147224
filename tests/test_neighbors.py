"""``python -m gan.neighbors``: the nearest training images are the nearest, and copies are found out."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch.testing import assert_close

from gan.data.mnist5k import MNIST5k
from gan.neighbors import closest
from tests.conftest import TINY, Run, run_here
from tests.test_errors import said

DATA = MNIST5k(image_size=28, channels=1, num_classes=10)
CPU = torch.device("cpu")


def test_copies_lie_at_zero_beside_themselves() -> None:
    images = DATA.split("train").__getitems__([7, 3000, 3999]).images
    distances, found = closest(images, DATA, lambda x: x.flatten(1).float(), 3, CPU)
    assert torch.equal(found[:, 0], images)
    assert_close(distances[:, 0], torch.zeros(3, dtype=torch.float64))
    assert (distances[:, 1] > 0).all()


def test_neighbours_against_all_distances_at_once() -> None:
    images = DATA.split("test").__getitems__([0, 500]).images
    distances, found = closest(images, DATA, lambda x: x.flatten(1).float(), 4, CPU)
    train = DATA.split("train").__getitems__(list(range(4000))).images
    exact = torch.cdist(images.flatten(1).double(), train.flatten(1).double())
    expected, places = exact.topk(4, largest=False)
    assert_close(distances, expected)
    assert torch.equal(found, train[places])


def test_the_figure(train: Callable[..., Run], tmp_path: Path) -> None:
    run = train(*TINY, "trainer.max_steps=1")
    out = tmp_path / "neighbors.png"
    shown = run_here("-m", "gan.neighbors", str(run.folder), "--num", "3", "--k", "2", "--out", str(out))
    assert shown.status == 0, shown.err
    for name in ("pixels", "classifier"):
        assert re.search(rf"^{name} +nearest training image at \S+ on average; held-out .* at \S+$", shown.out, re.M)
    with Image.open(out) as image:
        width, height = image.size
    assert height > 2 * 3 * 28
    assert width > 2 * (1 + 2 + 2) * 28


@pytest.mark.parametrize(
    ("options", "message"),
    [(["--num", "0"], "at least 1"), (["--out", "x.jpg"], r"end it in \.png"), ([], "no images to show")],
)
def test_bad_arguments(train: Callable[..., Run], options: list[str], message: str) -> None:
    run = train(*TINY, "data=ring8", "model=mlp_gan", "trainer.max_steps=1")
    assert re.search(message, said(run_here("-m", "gan.neighbors", str(run.folder), *options)))
