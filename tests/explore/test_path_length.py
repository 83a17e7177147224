"""``python -m gan.explore path_length``: the printed mean, the figure, and errors."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import TINY, Run, run_here
from tests.test_errors import error_line

Train = Callable[..., Run]


def test_the_command_prints_the_mean_and_draws_a_histogram(train: Train, tmp_path: Path) -> None:
    out = tmp_path / "lengths.png"
    shown = run_here(
        *("-m", "gan.explore", "path_length", str(train(*TINY, "trainer.max_steps=1").folder)),
        *("--num", "8", "--out", str(out)),
    )
    assert shown.status == 0, shown.err
    assert re.match(r"ppl_z [\d.e+-]+ \(mean of \d paths; all: [\d.e+-]+\)\nWrote ", shown.out)
    with Image.open(out) as image:
        assert image.width > 600


@pytest.mark.long
@pytest.mark.parametrize(
    ("options", "message"),
    [(["--space", "w"], "has no space W"), (["--epsilon", "0"], "--epsilon must be above 0 and below 1")],
)
def test_errors(train: Train, options: list[str], message: str) -> None:
    run = train(*TINY, "trainer.max_steps=1")
    assert message in error_line(run_here("-m", "gan.explore", "path_length", str(run.folder), "--num", "2", *options))
