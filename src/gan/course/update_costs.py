"""CPU time of updates of D and of G in a recipe, each measured inside a short training run, and parameters."""

import logging
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import torch
from pandas import DataFrame
from pytorch_lightning import Callback, LightningModule, Trainer

from gan.callbacks.periodic import is_generator_update
from gan.config import compose_config
from gan.resolvers import register_resolvers
from gan.training import train

__all__ = ["model_costs", "recipe_costs", "update_costs"]

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
    stopwatch = _watch([*options, "loss.critic_steps=2"], steps)
    d = median(seconds for seconds, both in stopwatch.counted if not both)
    return {"discriminator": d, "generator": median(seconds for seconds, both in stopwatch.counted if both) - d}


def model_costs(options: list[str], steps: int) -> dict[str, float]:
    """Count a model's parameters, and measure the CPU seconds per generator update.

    Args:
        options: Options of train.py.
        steps: Generator updates to train for.

    Returns:
        Parameters of the generator; of all networks that are trained; and the mean CPU seconds per generator update,
        which count what happens in some updates only.
    """
    stopwatch = _watch(options, steps)
    updates = sum(both for _, both in stopwatch.counted)
    return {**stopwatch.parameters, "seconds": sum(seconds for seconds, _ in stopwatch.counted) / updates}


def recipe_costs(
    chapter: str, recipes: Sequence[str], short: bool, column: str = "network", **options: list[str]
) -> DataFrame:
    """Return the parameters and the CPU seconds per update of a chapter's recipes; see ``model_costs``.

    Args:
        chapter: Name of the sweep.
        recipes: Names of its recipes.
        short: Whether to measure few updates.
        column: Column of the names.
        **options: Further options of single recipes, by name.
    """
    rows = []
    for recipe in recipes:
        chosen = [f"experiment=course/{chapter}", f"experiment/course/{chapter}={recipe}", *options.get(recipe, [])]
        rows.append({column: recipe, **model_costs(chosen, 16 if short else 60)})
    return DataFrame(rows)


def _watch(options: list[str], steps: int) -> "_Stopwatch":
    """Train on one thread, and without anything around the updates."""
    stopwatch = _Stopwatch()
    quiet = ["evaluation", "samples", "neighbors", "checkpoints", "monitor", "stop", "progress"]
    options = [
        *options,
        *(f"callbacks.{name}=null" for name in quiet),
        "logger=none",
        "name=costs",
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
    return stopwatch


class _Stopwatch(Callback):
    """Measures the CPU time of each batch, and whether it updated the generator; counts parameters."""

    def __init__(self) -> None:
        self.parameters: dict[str, float] = {}
        self._batches: list[tuple[float, bool]] = []
        self._start = 0.0

    @property
    def counted(self) -> list[tuple[float, bool]]:
        """Seconds of each batch after the first few, and whether it updated the generator."""
        return self._batches[WARM_UP:]

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Count the parameters of the generator and of all trained networks."""
        trained = {"parameters": pl_module, "generator_parameters": pl_module.get_submodule("generator")}
        self.parameters = {
            name: sum(weight.numel() for weight in module.parameters() if weight.requires_grad)
            for name, module in trained.items()
        }

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Start."""
        self._start = process_time()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Stop."""
        self._batches.append((process_time() - self._start, is_generator_update(outputs)))
