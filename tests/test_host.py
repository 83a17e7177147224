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


class Peaks(Callback):
    """Callback that writes the peak memory at two generator updates.

    Args:
        path: File for the peaks, in MB.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if trainer.global_step in (EARLY, LATE):
            with self.path.open("a") as file:
                file.write(f"{peak_memory(torch.device('cpu')) / 1e6}\n")


@pytest.mark.long
def test_ten_thousand_updates_hold_no_more_than_two_thousand(tmp_path: Path) -> None:
    watch = f"+callbacks.peaks={{_target_: tests.test_host.Peaks, path: {tmp_path / 'peaks'}}}"
    often = [f"trainer.max_steps={LATE}", "trainer.log_every_n_steps=10", "evaluate.every_n_steps=500"]
    run = run_python("train.py", "model=mlp_gan", *TINY, *often, watch, f"hydra.run.dir={tmp_path / 'run'}")
    assert run.status == 0, run.err
    early, late = map(float, (tmp_path / "peaks").read_text().split())
    assert late < 1.02 * early


class Pages(Callback):
    """Notes how many pages of memory the system has given the process, at two generator updates.

    Args:
        path: The file that it writes them to.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if trainer.global_step in (10, 20):
            with self.path.open("a") as file:
                file.write(f"{resource.getrusage(resource.RUSAGE_SELF).ru_minflt}\n")


@pytest.mark.long
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no such setting")
def test_updates_reuse_freed_memory(tmp_path: Path) -> None:
    watch = f"+callbacks.pages={{_target_: tests.test_host.Pages, path: {tmp_path / 'pages'}}}"
    images = ["data=stacked_mnist", "data.image_size=32", "data.batch_size=64"]
    short = ["logger=none", "trainer.max_steps=20", "callbacks.evaluation=null", "callbacks.samples=null"]
    run = run_python("train.py", "model=sngan", *images, *short, watch, f"hydra.run.dir={tmp_path / 'run'}")
    assert run.status == 0, run.err
    early, late = map(int, (tmp_path / "pages").read_text().split())
    assert (late - early) / 10 < 1000  # of 4 KiB; thousands where the C library does as it likes


@pytest.mark.long
def test_the_peak_excludes_the_parent_process(tmp_path: Path) -> None:
    held = torch.ones(2 * 10**8)  # 800 MB, which a process that this one starts has not
    code = "import torch; from gan.host import peak_memory; print(peak_memory(torch.device('cpu')) / 1e6)"
    run = run_python("-c", code, folder=tmp_path)
    assert 50 < float(run.out) < held.nbytes / 1e6
    assert peak_memory(torch.device("cpu")) > held.nbytes
