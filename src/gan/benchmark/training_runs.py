"""Throughput of short training runs in new processes."""

import logging
import shutil
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from statistics import median

from gan.config import compose_config
from gan.distributed.environment import RankInfo
from gan.distributed.launch import launch
from gan.resolvers import register_resolvers
from gan.runs.folder import RunFolder
from gan.runs.metrics_file import read_metrics
from gan.training import train

__all__ = ["OPTIONS", "training_throughput"]

OPTIONS = [
    "model=dcgan",
    "model.generator.width=64",
    "model.discriminator.width=64",
    "data=stacked_mnist",
    "data.image_size=32",
    "logger=none",
    "name=benchmark",
    "callbacks.evaluation=null",
    "callbacks.samples=null",
    "trainer.accelerator=cpu",
    "trainer.precision=32-true",
    "trainer.enable_progress_bar=false",
    "trainer.enable_model_summary=false",
    "trainer.log_every_n_steps=10",
]


def training_throughput(folder: Path, options: list[str], processes: int, steps: int) -> float:
    """Train for some generator updates in new processes; return images per second.

    Args:
        folder: Folder in which the run folder is written.
        options: Options of train.py.
        processes: Number of processes.
        steps: Number of generator updates.

    Returns:
        The median over the logging windows after the first, which is a warm-up.
    """
    run = RunFolder(folder / "run")
    options = [*options, f"trainer.devices={processes}", f"trainer.max_steps={steps}", f"run_dir={run.path}"]
    launch(_train, options, processes, RankInfo(), {})
    shutil.rmtree(run.checkpoints)
    windows = read_metrics(run.metrics).series["train/images_per_second"].values
    return median(windows[1:])


def _train(options: list[str]) -> None:
    register_resolvers()
    logging.disable(logging.WARNING)
    with redirect_stdout(StringIO()):  # hides the run's summary
        train(compose_config("train", options))
