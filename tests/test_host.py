"""Memory: training does not leak, freed memory is retained, and the peak is that of the process."""

import platform
import resource
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Callback, LightningModule, Trainer

from gan.host import peak_memory
from tests.conftest import TINY, run_python

EARLY, LATE = 2_000, 10_000


class MemoryRecorder(Callback):
    """Callback that appends the process's memory use to a file at some generator updates: peak in MB, page faults.

    Args:
        path: The file.
        steps: The updates.
    """

    def __init__(self, path: str, steps: list[int]) -> None:
        self.path, self.steps = Path(path), steps

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if trainer.global_step in self.steps:
            peak, faults = peak_memory(torch.device("cpu")) / 1e6, resource.getrusage(resource.RUSAGE_SELF).ru_minflt
            with self.path.open("a") as file:
                file.write(f"{peak} {faults}\n")


def record_memory(folder: Path, steps: list[int], *options: str) -> list[tuple[float, int]]:
    """Train in a process of its own, and return its peak memory and page faults at some generator updates."""
    recorder = f"{{_target_: tests.test_host.MemoryRecorder, path: {folder / 'memory'}, steps: {steps}}}"
    run = run_python("train.py", *options, f"+callbacks.memory={recorder}", f"hydra.run.dir={folder / 'run'}")
    assert run.status == 0, run.err
    rows = [line.split() for line in (folder / "memory").read_text().splitlines()]
    return [(float(peak), int(faults)) for peak, faults in rows]


@pytest.mark.long
def test_training_does_not_leak_memory(tmp_path: Path) -> None:
    often = [f"trainer.max_steps={LATE}", "trainer.log_every_n_steps=10", "evaluate.every_n_steps=500"]
    (early, _), (late, _) = record_memory(tmp_path, [EARLY, LATE], "model=mlp_gan", *TINY, *often)
    assert late < 1.02 * early


@pytest.mark.long
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no such setting")
def test_updates_reuse_freed_memory(tmp_path: Path) -> None:
    images = ["data=stacked_mnist", "data.image_size=32", "data.batch_size=64"]
    short = ["logger=none", "trainer.max_steps=20", "callbacks.evaluation=null", "callbacks.samples=null"]
    (_, early), (_, late) = record_memory(tmp_path, [10, 20], "model=sngan", *images, *short)
    assert (late - early) / 10 < 1000  # pages of 4 KiB per update; thousands with the C library's defaults


@pytest.mark.long
def test_the_peak_excludes_the_parent_process(tmp_path: Path) -> None:
    held = torch.ones(2 * 10**8)  # 800 MB in this process, but not in the one that it starts
    code = "import torch; from gan.host import peak_memory; print(peak_memory(torch.device('cpu')) / 1e6)"
    run = run_python("-c", code, folder=tmp_path)
    assert 50 < float(run.out) < held.nbytes / 1e6
    assert peak_memory(torch.device("cpu")) > held.nbytes
