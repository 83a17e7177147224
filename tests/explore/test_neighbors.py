"""``python -m gan.explore neighbors``: the figure, the printed distances, and errors."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import TINY, Run, run_here
from tests.test_errors import error_line


def test_the_figure(train: Callable[..., Run], tmp_path: Path) -> None:
    run = train(*TINY, "trainer.max_steps=1")
    out = tmp_path / "neighbors.png"
    shown = run_here("-m", "gan.explore", "neighbors", str(run.folder), "--num", "3", "--k", "2", "--out", str(out))
    assert shown.status == 0, shown.err
    for name in ("pixels", "classifier"):
        assert re.search(
            rf"^{name} +mean distance to the nearest training image \S+; of held-out images \S+$", shown.out, re.M
        )
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
    assert re.search(message, error_line(run_here("-m", "gan.explore", "neighbors", str(run.folder), *options)))
