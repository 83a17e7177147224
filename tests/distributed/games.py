"""What the ranks of a test do; a process that is started anew can import it."""

from pathlib import Path

import torch

from gan import folders
from gan.config import compose_config
from gan.distributed.group import joined
from gan.training import train

QUICK = [
    "logger=none",
    "trainer.accelerator=cpu",
    "trainer.enable_progress_bar=false",
    "trainer.enable_model_summary=false",
    "trainer.log_every_n_steps=1",
    "data.batch_size=16",
    "metric.num_samples=64",
    "model.generator.width=8",
    "name=game",
]


def play(games: list[tuple[Path, list[str]]]) -> None:
    """Train one run after the other, as one rank of those that the environment names, or alone."""
    folders.register()
    with joined(torch.device("cpu")):
        for folder, options in games:
            train(compose_config("train", [*QUICK, *options, f"run_dir={folder}"]))
