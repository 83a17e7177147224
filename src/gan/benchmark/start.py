"""From the command to the first update, beside what importing PyTorch and Lightning takes alone.

Processes that import them end as they stand: to take all down again takes a second, which is no part of a start.
"""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer

from gan.benchmark.rounds import interleaved, result
from gan.config import CONF

__all__ = ["FirstUpdate", "start"]

TRAIN = CONF.parent / "train.py"
IMPORTS = "import os, torch, pytorch_lightning; os._exit(0)"
FIRST = "+callbacks.first={_target_: gan.benchmark.start.FirstUpdate}"


class FirstUpdate(Callback):
    """Ends the process, as it stands, once the generator has been updated."""

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """End it."""
        if trainer.global_step:
            os._exit(0)


def start(options: list[str], rounds: int) -> dict[str, Any]:
    """Measure; the statistics of real images are at hand from a turn before."""
    with TemporaryDirectory() as folder:
        sides = {
            "first update": partial(_run, Path(folder), str(TRAIN), FIRST, *options),
            "first update, not tracked": partial(_run, Path(folder), str(TRAIN), FIRST, "logger=none", *options),
            "import torch, pytorch_lightning": partial(_run, Path(folder), "-c", IMPORTS),
            "train.py --help": partial(_run, Path(folder), str(TRAIN), "--help"),
        }
        for side in sides.values():
            side()
        taken = interleaved(sides, rounds)
    lines = ["| | seconds | range |", "| --- | --- | --- |"]
    lines += [f"| {name} | {median(t):.2f} | {min(t):.2f} to {max(t):.2f} |" for name, t in taken.items()]
    tracked, untracked, imports, _ = taken.values()
    beyond = [median(a - b for a, b in zip(side, imports, strict=True)) for side in (tracked, untracked)]
    lines.append(f"\nbeyond importing: {beyond[0]:.2f} s; not tracked, {beyond[1]:.2f} s")
    return result("start", options, seconds=taken, table="\n".join(lines))


def _run(folder: Path, *arguments: str) -> float:
    at = perf_counter()
    environment = os.environ | {"WANDB_MODE": "offline"}
    subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, check=True, capture_output=True)
    return perf_counter() - at
