"""``python -m gan.explore compare``: the figure, the printed sharpness, and errors."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import TINY, Run, run_here
from tests.test_errors import error_line

Train = Callable[..., Run]


@pytest.mark.long
def test_runs_side_by_side(train: Train, tmp_path: Path) -> None:
    vae, dcgan = (
        str(train(*TINY, f"model={model}", "trainer.max_steps=1", name=model).folder) for model in ("vae", "dcgan")
    )
    out = tmp_path / "figure.png"
    shown = run_here("-m", "gan.explore", "compare", vae, "--others", dcgan, "--num", "9", "--out", str(out))
    assert shown.status == 0, shown.err
    sharpness = dict(re.findall(r"^(\S.*?) +sharpness (\d+\.\d+)$", shown.out, re.MULTILINE))
    assert list(sharpness) == ["held-out images", "vae-elbo", "dcgan-non_saturating"]
    assert sharpness["held-out images"] == "1.000"
    with Image.open(out) as picture:
        assert picture.width >= 3 * 3 * 28 * 2


@pytest.mark.long
def test_images_of_another_shape_are_rejected(train: Train) -> None:
    small, large = (
        str(train(*TINY, f"data.image_size={size}", "trainer.max_steps=1", name=f"{size}").folder) for size in (28, 32)
    )
    assert "another shape" in error_line(run_here("-m", "gan.explore", "compare", small, "--others", large))
