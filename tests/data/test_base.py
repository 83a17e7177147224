"""Processes that load data: they end when their parent says so, and for nobody else."""

import signal
import subprocess
from multiprocessing import active_children
from time import sleep

import pytest
from torch.utils.data import DataLoader, Dataset

from gan.data.base import leave_signals


class Places(Dataset[int]):
    """Whose items are their places."""

    def __len__(self) -> int:
        return 100

    def __getitem__(self, place: int) -> int:
        return place


@pytest.mark.skipif(not hasattr(signal, "sigwaitinfo"), reason="this system does not tell who sent a signal")
def test_a_loaders_process_heeds_its_parent_alone() -> None:
    before = {process.pid for process in active_children()}
    loader: DataLoader[int] = DataLoader(Places(), None, num_workers=1, worker_init_fn=leave_signals)
    items = iter(loader)
    assert next(items) == 0
    (process,) = (process for process in active_children() if process.pid not in before)
    assert process.pid is not None
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2):
        subprocess.run(["kill", f"-{int(number)}", str(process.pid)], check=True)
    sleep(0.3)
    assert process.is_alive()
    assert next(items) == 1
    process.terminate()
    process.join(timeout=10)
    assert not process.is_alive()
