"""``python -m gan.explore attention``: the figure, its attention maps, and errors."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

import gan
from gan.explore.attention import QUERIES, attention_maps, overlay_map
from tests.conftest import TINY, Run, run_here
from tests.test_errors import error_line

Train = Callable[..., Run]


def test_the_figure_and_its_maps(train: Train, tmp_path: Path) -> None:
    run, out = train(*TINY, "model=sagan", "trainer.max_steps=1"), tmp_path / "attention.png"
    shown = run_here("-m", "gan.explore", "attention", str(run.folder), "--num", "3", "--out", str(out))
    assert shown.status == 0, shown.err
    spread = re.search(r"^Attention of a position spreads over (\S+) of 49 positions; γ is \S+$", shown.out, re.M)
    assert spread is not None
    assert 1 <= float(spread[1]) <= 49
    with Image.open(out) as image:
        width, height = image.size
    assert height > 3 * 128
    assert width > (1 + len(QUERIES)) * 128

    generator = gan.load(run.folder)
    maps, _ = attention_maps(generator, 3)
    assert maps.shape == (3, 14, 14, 7, 7)
    torch.testing.assert_close(maps.sum((3, 4)), torch.ones(3, 14, 14))
    more, _ = attention_maps(generator, 5)
    torch.testing.assert_close(more[:3], maps)
    assert not any(layer._forward_pre_hooks for layer in generator.model.modules())


def test_an_overlay_is_strongest_at_the_maximum() -> None:
    maps = torch.zeros(1, 2, 2)
    maps[0, 0, 1] = 0.3
    shown = overlay_map(torch.zeros(1, 3, 8, 8, dtype=torch.uint8), maps, (255, 0, 100))
    assert shown.dtype == torch.uint8
    assert shown[0, :, 0, -1].tolist() == [204, 0, 80]
    assert shown[0, :, -1].sum() == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "no attention to show"),
        (["--num", "0"], "--num must be at least 1"),
        (["--out", "x.jpg"], "end it in .png"),
    ],
)
def test_bad_input(options: list[str], message: str, train: Train) -> None:
    run = train(*TINY, "trainer.max_steps=1")
    assert message in error_line(run_here("-m", "gan.explore", "attention", str(run.folder), *options))
