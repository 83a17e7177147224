"""``python -m gan.explore truncation``: scores at each threshold, the figure, and errors."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import TINY, Run, run_here
from tests.test_errors import error_line

Train = Callable[..., Run]


def show(run: Run, *options: str) -> Run:
    return run_here("-m", "gan.explore", "truncation", str(run.folder), *options)


def test_scores_at_each_threshold(train: Train, tmp_path: Path) -> None:
    out = tmp_path / "truncation.png"
    run = train(*TINY, "trainer.max_steps=1")
    shown = show(run, "--num", "64", "--thresholds", "100", "0.5", "--out", str(out))
    assert shown.status == 0, shown.err
    lines = re.findall(
        r"^threshold (\S+) +precision (\d\.\d+)  recall (\d\.\d+)  fd (\d+\.\d+)$", shown.out, re.MULTILINE
    )
    assert [threshold for threshold, *_ in lines] == ["0.5", "100"]
    assert lines[0][-1] != lines[1][-1]
    assert run_here("-m", "gan.evaluate", str(run.folder), "num_samples=64", "metric=frechet", "seeds=1").status == 0
    evaluation = json.loads((run.folder / "evaluation.json").read_text())
    (fd,) = evaluation["scores"]["fd_classifier"]["values"]
    assert float(lines[1][-1]) == pytest.approx(fd, rel=1e-3), "100 deviations truncate nothing"
    with Image.open(out) as image:
        assert image.width > 600


@pytest.mark.long
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--thresholds", "1", "1"], "--thresholds takes two or more different numbers"),
        (["--thresholds", "0", "1"], "truncation must be above 0, not 0.0"),
        (["--num", "0"], "--num must be at least 1"),
    ],
)
def test_errors(train: Train, options: list[str], message: str) -> None:
    assert message in error_line(show(train(*TINY, "trainer.max_steps=1"), *options))
