"""Two processes against one, with one thread each, and against Lightning's DDP strategy."""

import json
import os
from functools import partial
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from torch.profiler import ProfilerActivity, profile

from gan.benchmark.interleaving import measure_alternately
from gan.benchmark.output import make_result, throughput_table
from gan.benchmark.training_runs import OPTIONS, training_throughput

__all__ = ["TrafficCounter", "ranks"]

BATCH_PER_RANK = 64
LIGHTNING = "trainer.strategy=ddp_find_unused_parameters_true"
COUNTED_STEPS = 10  # after as many steps of warm-up


class TrafficCounter(Callback):
    """Counts the all-reduce messages and bytes of some steps, and the bytes of the networks' parameters.

    Args:
        path: JSON file for the counts.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.profiler = profile(activities=[ProfilerActivity.CPU], record_shapes=True)

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Start counting after the warm-up."""
        if batch_idx == COUNTED_STEPS:
            self.profiler.start()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Stop counting after some steps and write the counts."""
        if batch_idx != 2 * COUNTED_STEPS - 1:
            return
        self.profiler.stop()
        events = [event for event in self.profiler.events() if event.name == "gloo:all_reduce"]
        sizes = [prod(event.input_shapes[0]) for event in events]
        message_bytes = [4 * size for size in sizes if size > 1]  # messages of one number exchange signals
        networks = {name: network for name, network in pl_module.named_children() if name != "ema"}
        counts = {
            "messages_a_step": len(message_bytes) / COUNTED_STEPS,
            "bytes_a_step": sum(message_bytes) / COUNTED_STEPS,
            "bytes_of_parameters": {n: 4 * sum(p.numel() for p in m.parameters()) for n, m in networks.items()},
        }
        if trainer.is_global_zero:
            self.path.write_text(json.dumps(counts), encoding="utf-8")


def ranks(options: list[str], rounds: int, steps: int) -> dict[str, Any]:
    """Measure training with one and two processes, and the traffic between two.

    Args:
        options: Further options of train.py, for all implementations.
        rounds: Measurements per implementation.
        steps: Generator updates per measurement.
    """
    os.environ |= {"OMP_NUM_THREADS": "1", "KINETO_LOG_LEVEL": "99"}  # the second silences the profiler
    options_of: dict[str, tuple[int, list[str]]] = {
        "1 process": (1, []),
        "2 processes": (2, []),
        "2 processes, ddp_find_unused_parameters_true": (2, [LIGHTNING]),
    }
    with TemporaryDirectory() as folder:
        base = [*OPTIONS, *options]
        implementations = {
            name: partial(
                training_throughput,
                Path(folder),
                [*base, f"data.batch_size={BATCH_PER_RANK * processes}", *extra],
                processes,
                steps,
            )
            for name, (processes, extra) in options_of.items()
        }
        throughputs = measure_alternately(implementations, rounds)
        base += [f"data.batch_size={2 * BATCH_PER_RANK}"]
        traffic = {
            f"exchanged_by_{'lightning' if extra else 'ours'}": _count_traffic(Path(folder), [*base, *extra], steps)
            for extra in ([], [LIGHTNING])
        }
    lines = [
        throughput_table(throughputs),
        "",
        *(f"{key.replace('_', ' ')}: {value}" for key, value in traffic.items()),
    ]
    return make_result("ranks", options, images_per_second=throughputs, **traffic, table="\n".join(lines))


def _count_traffic(folder: Path, options: list[str], steps: int) -> dict[str, Any]:
    path = folder / "traffic.json"
    callback = f"+callbacks.traffic={{_target_: gan.benchmark.ranks.TrafficCounter, path: {path}}}"
    training_throughput(folder, [*options, callback], 2, steps)
    counts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return counts
