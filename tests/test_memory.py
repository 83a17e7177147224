"""Training holds no more memory as it goes on."""

from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Callback, LightningModule, Trainer

from gan.memory import peak_memory
from tests.conftest import TINY, run_python

EARLY, LATE = 2_000, 10_000


class Peaks(Callback):
    """Notes the most memory that the process has held by two generator updates.

    Args:
        path: The file that it writes them to, in MB.
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
    watch = f"+callbacks.peaks={{_target_: tests.test_memory.Peaks, path: {tmp_path / 'peaks'}}}"
    often = [f"trainer.max_steps={LATE}", "trainer.log_every_n_steps=10", "evaluate.every_n_steps=500"]
    run = run_python("train.py", "model=mlp_gan", *TINY, *often, watch, f"hydra.run.dir={tmp_path / 'run'}")
    assert run.status == 0, run.err
    early, late = map(float, (tmp_path / "peaks").read_text().split())
    assert late < 1.02 * early


def test_a_process_has_a_peak_of_its_own(tmp_path: Path) -> None:
    held = torch.ones(2 * 10**8)  # 800 MB, which a process that this one starts has not
    code = "import torch; from gan.memory import peak_memory; print(peak_memory(torch.device('cpu')) / 1e6)"
    run = run_python("-c", code, folder=tmp_path)
    assert 50 < float(run.out) < held.nbytes / 1e6
    assert peak_memory(torch.device("cpu")) > held.nbytes
