"""Two processes against one, a thread each, and against Lightning's own way to train a GAN in several processes."""

import json
import logging
import os
import shutil
from contextlib import redirect_stdout
from functools import partial
from io import StringIO
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from torch.profiler import ProfilerActivity, profile

from gan.benchmark.rounds import interleaved, result, speed, table
from gan.config import compose_config
from gan.distributed.environment import RankInfo
from gan.distributed.launch import launch
from gan.distributed.strategy import NetworksStrategy
from gan.runs import resolver
from gan.training import train

__all__ = ["OPTIONS", "Traffic", "ranks", "turn"]

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
BATCH = 64  # images a rank
LIGHTNING = "+trainer.strategy=ddp_find_unused_parameters_true"
WATCHED = 10  # steps whose traffic is counted


class Traffic(Callback):
    """Counts what ranks exchange in messages in some steps, and what the networks' gradients come to.

    Args:
        path: The JSON file that the counts are written to.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.profiler = profile(activities=[ProfilerActivity.CPU], record_shapes=True)

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Let the ranks send messages, as those of several machines do."""
        if isinstance(trainer.strategy, NetworksStrategy):
            trainer.strategy.shared_memory = False

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Begin to watch once all has warmed up."""
        if batch_idx == WATCHED:
            self.profiler.start()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Stop watching after some steps."""
        if batch_idx != 2 * WATCHED - 1:
            return
        self.profiler.stop()
        events = [event for event in self.profiler.events() if event.name == "gloo:all_reduce"]
        numbers = [prod(event.input_shapes[0]) for event in events]
        gradients = [4 * number for number in numbers if number > 1]  # a single one is a word about signals
        networks = {name: network for name, network in pl_module.named_children() if name != "ema"}
        counts = {
            "messages_a_step": len(gradients) / WATCHED,
            "bytes_a_step": sum(gradients) / WATCHED,
            "bytes_of_parameters": {n: 4 * sum(p.numel() for p in m.parameters()) for n, m in networks.items()},
        }
        if trainer.is_global_zero:
            self.path.write_text(json.dumps(counts))


def ranks(options: list[str], rounds: int, steps: int) -> dict[str, Any]:
    """Measure.

    Args:
        options: More options of train.py, for all sides.
        rounds: Turns that each side has.
        steps: Generator updates a turn.
    """
    os.environ |= {"OMP_NUM_THREADS": "1", "KINETO_LOG_LEVEL": "99"}  # the profiler's own log is for its authors
    with TemporaryDirectory() as folder:
        sides: dict[str, tuple[int, list[str]]] = {
            "1 process": (1, []),
            "2 processes": (2, []),
            "2 processes, ddp_find_unused_parameters_true": (2, [LIGHTNING]),
        }
        game = [*OPTIONS, *options]
        turns = {
            name: partial(turn, Path(folder), [*game, f"data.batch_size={BATCH * processes}", *extra], processes, steps)
            for name, (processes, extra) in sides.items()
        }
        measured = interleaved(turns, rounds)
        game += [f"data.batch_size={2 * BATCH}"]
        exchanged = {
            f"exchanged_by_{'lightning' if extra else 'ours'}": _traffic(Path(folder), [*game, *extra], steps)
            for extra in ([], [LIGHTNING])
        }
    lines = [table(measured), "", *(f"{name.replace('_', ' ')}: {counts}" for name, counts in exchanged.items())]
    return result("ranks", options, images_per_second=measured, **exchanged, table="\n".join(lines))


def turn(folder: Path, options: list[str], processes: int, steps: int) -> float:
    """Train for some steps in new processes; return images a second."""
    run = folder / "run"
    more = [f"trainer.devices={processes}", f"trainer.max_steps={steps}", f"run_dir={run}"]
    launch(_train, [*options, *more], processes, RankInfo(), {})
    shutil.rmtree(run / "checkpoints")
    return speed(run)


def _traffic(folder: Path, options: list[str], steps: int) -> dict[str, Any]:
    path = folder / "traffic.json"
    traffic = f"+callbacks.traffic={{_target_: gan.benchmark.ranks.Traffic, path: {path}}}"
    turn(folder, [*options, traffic], 2, steps)
    counts: dict[str, Any] = json.loads(path.read_text())
    return counts


def _train(options: list[str]) -> None:
    resolver.register()
    logging.disable(logging.WARNING)
    with redirect_stdout(StringIO()):  # each run's summary
        train(compose_config("train", options))
