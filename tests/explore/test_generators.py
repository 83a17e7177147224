"""``python -m gan.explore generators``: rows of images, coloured points, and errors."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.conftest import TINY, Run, run_here
from tests.test_errors import error_line

SEVERAL = ["model=multi_gan", "model.num_classes=3", "trainer.max_steps=1"]


def show(run: Run, *options: str) -> Run:
    return run_here("-m", "gan.explore", "generators", str(run.folder), *options)


def test_images_have_one_row_per_generator(train: Callable[..., Run], tmp_path: Path) -> None:
    out = tmp_path / "rows.png"
    shown = show(train(*TINY, *SEVERAL), "--num", "4", "--out", str(out))
    assert shown.out == f"Wrote {out}\n", shown.err
    with Image.open(out) as image:
        assert image.size == (4 * (28 + 2) + 2, 3 * (28 + 2) + 2)


def test_points_have_one_colour_per_generator(train: Callable[..., Run], tmp_path: Path) -> None:
    run, hues = train(*TINY, *SEVERAL, "data=ring8"), []
    for num in ("1", "200"):
        out = tmp_path / f"{num}.png"
        assert show(run, "--num", num, "--out", str(out)).status == 0
        with Image.open(out) as image:
            colours: Any = image.convert("HSV").resize((125, 125), Image.Resampling.NEAREST).getcolors(125 * 125) or []
        hues.append({hue // 32 for _, (hue, saturation, _) in colours if saturation > 100})
    assert len(hues[1]) >= 3, hues


@pytest.mark.parametrize(
    ("options", "message"),
    [(["--num", "0"], "at least 1"), (["--out", "x.jpg"], "end it in .png"), ([], "one generator")],
)
def test_bad_arguments(train: Callable[..., Run], options: list[str], message: str) -> None:
    run = train(*TINY, "data=ring8", "model=mlp_gan", "trainer.max_steps=1")
    assert message in error_line(show(run, *options))
