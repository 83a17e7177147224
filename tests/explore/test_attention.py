"""``python -m gan.explore attention``: its figure, the maps in it, and what it refuses."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

import gan
from gan.explore.attention import PLACES, attention_maps, overlaid
from tests.conftest import TINY, Run, run_here
from tests.test_errors import error_line

Train = Callable[..., Run]


def test_the_figure_and_its_maps(train: Train, tmp_path: Path) -> None:
    run, out = train(*TINY, "model=sagan", "trainer.max_steps=1"), tmp_path / "attention.png"
    shown = run_here("-m", "gan.explore", "attention", str(run.folder), "--num", "3", "--out", str(out))
    assert shown.status == 0, shown.err
    spread = re.search(r"^A place's attention is spread over (\S+) of 49 places; γ is \S+$", shown.out, re.M)
    assert spread is not None
    assert 1 <= float(spread[1]) <= 49
    with Image.open(out) as image:
        width, height = image.size
    assert height > 3 * 128
    assert width > (1 + len(PLACES)) * 128

    generator = gan.load(run.folder)
    maps, _ = attention_maps(generator, 3)
    assert maps.shape == (3, 14, 14, 7, 7)
    torch.testing.assert_close(maps.sum((3, 4)), torch.ones(3, 14, 14))
    more, _ = attention_maps(generator, 5)
    torch.testing.assert_close(more[:3], maps)
    assert not any(layer._forward_pre_hooks for layer in generator.model.modules())


def test_a_map_is_brightest_where_it_is_largest() -> None:
    maps = torch.zeros(1, 2, 2)
    maps[0, 0, 1] = 0.3
    shown = overlaid(torch.zeros(1, 3, 8, 8, dtype=torch.uint8), maps, (255, 0, 100))
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
