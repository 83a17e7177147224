"""Time from the command to the first update, compared with importing PyTorch and Lightning.

Processes exit by ``os._exit``: interpreter shutdown takes a second, and is not part of the start.
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

from gan.benchmark.interleaving import measure_alternately
from gan.benchmark.output import make_result
from gan.config import CONF

__all__ = ["ExitAfterFirstUpdate", "start"]

TRAIN = CONF.parent / "train.py"
IMPORTS = "import os, torch, pytorch_lightning; os._exit(0)"
CALLBACK = "+callbacks.first={_target_: gan.benchmark.start.ExitAfterFirstUpdate}"


class ExitAfterFirstUpdate(Callback):
    """Exits the process after the first generator update, without cleanup."""

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Exit if the generator has been updated."""
        if trainer.global_step:
            os._exit(0)


def start(options: list[str], rounds: int) -> dict[str, Any]:
    """Measure the start, after one warm-up run that caches the statistics of real images.

    Args:
        options: Further options of train.py, for all runs.
        rounds: Measurements per command.
    """
    with TemporaryDirectory() as folder:
        run = partial(_time, Path(folder))
        commands = {
            "first update": partial(run, str(TRAIN), CALLBACK, *options),
            "first update, not tracked": partial(run, str(TRAIN), CALLBACK, "logger=none", *options),
            "import torch, pytorch_lightning": partial(run, "-c", IMPORTS),
            "train.py --help": partial(run, str(TRAIN), "--help"),
        }
        for command in commands.values():
            command()
        seconds = measure_alternately(commands, rounds)
    lines = ["| | seconds | range |", "| --- | --- | --- |"]
    lines += [f"| {name} | {median(s):.2f} | {min(s):.2f} to {max(s):.2f} |" for name, s in seconds.items()]
    tracked, untracked, imports, _ = seconds.values()
    beyond = [median(a - b for a, b in zip(times, imports, strict=True)) for times in (tracked, untracked)]
    lines.append(f"\nin addition to the imports: {beyond[0]:.2f} s; not tracked, {beyond[1]:.2f} s")
    return make_result("start", options, seconds=seconds, table="\n".join(lines))


def _time(folder: Path, *arguments: str) -> float:
    """Run Python in a folder; return the seconds that it takes."""
    start = perf_counter()
    environment = os.environ | {"WANDB_MODE": "offline"}
    subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, check=True, capture_output=True)
    return perf_counter() - start
