"""``python -m gan.explore directions``: one figure per direction, with the samples in the middle column."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import gan
from tests.conftest import LIVELY, TINY, Run, run_here
from tests.interpolate.test_interpolate import equal_up_to_rounding, tiles
from tests.test_errors import error_line

Train = Callable[..., Run]


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("dcgan", []),
        ("mlp_gan", []),
        ("cgan", []),
        ("stylegan2", []),
        ("stylegan2", ["--space", "z"]),
        ("stylegan2", ["--layers", "0", "2"]),
    ],
)
def test_figures(model: str, options: list[str], train: Train, tmp_path: Path) -> None:
    run = train(*TINY, *LIVELY, f"model={model}")
    options = [*options, "--num", "2", "--samples", "3", "--steps", "5", "--out", str(tmp_path / "figures")]
    done = run_here("-m", "gan.explore", "directions", str(run.folder), *options)
    assert done.status == 0, done.err
    names = [f"{method}-{number}.png" for method in ("factorized", "principal") for number in (1, 2)]
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == names
    generator = gan.load(run.folder)
    samples = generator.data.discretize(generator.sample(3))[:, 0].numpy()
    figures = [tiles(tmp_path / "figures" / name) for name in names]
    for figure in figures:
        assert figure.shape[:2] == (3, 5)
        assert equal_up_to_rounding(figure[:, 2], samples)
        assert not equal_up_to_rounding(figure[:, 0], figure[:, -1])
    assert not any(np.array_equal(a, b) for index, a in enumerate(figures) for b in figures[:index])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--num", "0"], "--num must be at least 1"),
        (["--num", "101"], "1 to 100 directions"),
        (["--reach", "0"], "--reach above 0"),
        (["--out", "x.png"], "a folder"),
        (["--classes", "1"], "takes no classes"),
        (["--seed", "-1"], "--seed must be at least 0"),
        (["--space", "w"], "DCGAN has no space W"),
        (["--layers", "0", "1"], "only be chosen in space W"),
    ],
)
def test_bad_input(options: list[str], message: str, train: Train) -> None:
    run = train(*TINY, "trainer.max_steps=1")
    assert message in error_line(run_here("-m", "gan.explore", "directions", str(run.folder), *options))
