"""A run on the GPU that is resumed ends with the same weights, bit by bit, in every precision."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils._pytree import tree_flatten

from tests.conftest import TINY, run_here
from tests.gpu.conftest import DRY

OPTIONS = [option for option in TINY if option != "trainer=cpu"]
OPTIONS += [f"trainer={'cpu' if DRY else 'gpu'}", "trainer.benchmark=false", "trainer.deterministic=true"]
OPTIONS += ["callbacks.evaluation=null", "callbacks.neighbors=null", "callbacks.samples=null"]


PRECISIONS = ["16-mixed"] if DRY else ["32-true", "bf16-mixed", "16-mixed"]  # on the CPU, the first is bf16-mixed


@pytest.mark.filterwarnings("ignore:You passed .Trainer.accelerator='cpu', precision='16-mixed'")
@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_resumed_run_ends_with_the_same_values(precision: str, device: torch.device, tmp_path: Path) -> None:
    whole, halves = (saved(run(tmp_path / name, precision, *steps)) for name, steps in RUNS.items())
    for key in ("state_dict", "optimizer_states", "MixedPrecision"):
        assert (key in whole) == (key in halves)
        for one, other in zip(tensors(whole.get(key)), tensors(halves.get(key)), strict=True):
            assert torch.equal(torch.as_tensor(one), torch.as_tensor(other)), key
    assert whole["global_step"] == halves["global_step"] == 6
    if device.type == "cuda" and precision == "16-mixed":
        assert whole["MixedPrecision"]["scale"] > 0


RUNS = {"whole": [6], "halves": [3, 6]}
"""Numbers of updates after which each run ends."""


def run(folder: Path, precision: str, first: int, *later: int) -> Path:
    """Train, and resume the run as often as there are further numbers of updates."""
    commands = [[*OPTIONS, f"trainer.precision={precision}", f"trainer.max_steps={first}", f"hydra.run.dir={folder}"]]
    commands += [[f"ckpt={folder}", f"trainer.max_steps={steps}"] for steps in later]
    for command in commands:
        done = run_here("train.py", *command)
        assert done.status == 0, done.err
    return folder


def saved(folder: Path) -> dict[str, Any]:
    return torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True, map_location="cpu")


def tensors(part: object) -> list[Any]:
    """Return the numbers and tensors in a part of a checkpoint."""
    return [value for value in tree_flatten(part)[0] if isinstance(value, torch.Tensor | int | float)]
