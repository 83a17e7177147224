"""Checkpoints for the tests of the demo."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.conftest import TINY, run_here


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Train for one step, then scale the generator's weights up, so that its images differ visibly."""
    folder = tmp_path_factory.mktemp("demo")
    made: dict[tuple[str, ...], Path] = {}

    def make(*options: str) -> Path:
        if options not in made:
            run = folder / str(len(made))
            narrow = not {"data=ring8", "model=cyclegan"} & set(options)
            settings = TINY if narrow else [option for option in TINY if "width" not in option]
            done = run_here("train.py", *settings, "trainer.max_steps=1", *options, f"hydra.run.dir={run}")
            assert done.status == 0, done.err
            path = run / "checkpoints" / "last.ckpt"
            saved = torch.load(path, weights_only=True)
            for name, value in saved["state_dict"].items():
                if name.startswith(("generator", "ema")) and name.endswith("weight") and value.dim() > 1:
                    value *= 8
            torch.save(saved, path)
            made[options] = path
        return made[options]

    return make
