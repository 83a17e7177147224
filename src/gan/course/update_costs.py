"""CPU time of updates of D and of G in a recipe, each measured inside a short training run."""

import logging
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer

from gan.callbacks.periodic import is_generator_update
from gan.config import compose_config
from gan.resolvers import register_resolvers
from gan.training import train

__all__ = ["update_costs"]

WARM_UP = 10  # batches that are not counted


def update_costs(options: list[str], steps: int) -> dict[str, float]:
    """Measure the CPU seconds of an update of each player.

    CPU time of one thread does not count the time that other programs take, as wall time does.

    Args:
        options: Options of train.py.
        steps: Generator updates to train for, with two critic steps each.

    Returns:
        Seconds by player: medians for D; for G, what a batch with an update of both takes longer.
    """
    stopwatch = _Stopwatch()
    quiet = ["evaluation", "samples", "neighbors", "checkpoints", "monitor", "stop", "progress"]
    options = [
        *options,
        *(f"callbacks.{name}=null" for name in quiet),
        "logger=none",
        "name=costs",
        "loss.critic_steps=2",
        f"trainer.max_steps={steps}",
        "trainer.accelerator=cpu",
        "trainer.enable_progress_bar=false",
        "trainer.enable_model_summary=false",
    ]
    register_resolvers()
    threads, level = torch.get_num_threads(), logging.root.manager.disable
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    try:
        with TemporaryDirectory() as folder, redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            train(compose_config("train", [*options, f"run_dir={Path(folder) / 'run'}"]), [stopwatch])
    finally:
        torch.set_num_threads(threads)
        logging.disable(level)
    counted = stopwatch.batches[WARM_UP:]
    d = median(seconds for seconds, both in counted if not both)
    return {"discriminator": d, "generator": median(seconds for seconds, both in counted if both) - d}


class _Stopwatch(Callback):
    """Measures the CPU time of each batch, and whether it updated both players."""

    def __init__(self) -> None:
        self.batches: list[tuple[float, bool]] = []
        self._start = 0.0

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Start."""
        self._start = process_time()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Stop."""
        self.batches.append((process_time() - self._start, is_generator_update(outputs)))
