"""Workers of data loaders keep running for a while after a signal."""

import os
import signal
from multiprocessing import active_children
from time import sleep

import pytest
from torch.utils.data import DataLoader, Dataset

from gan.data import dataset


class Indices(Dataset[int]):
    """Data set in which each item is its own index."""

    def __len__(self) -> int:
        return 100

    def __getitem__(self, index: int) -> int:
        return index


def test_loader_workers_keep_running_after_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "SHUTDOWN_SECONDS", 2.0)
    before = {process.pid for process in active_children()}
    loader: DataLoader[int] = DataLoader(Indices(), None, num_workers=1, worker_init_fn=dataset.ignore_worker_signals)
    items = iter(loader)
    assert next(items) == 0
    (process,) = (process for process in active_children() if process.pid not in before)
    assert process.pid is not None
    for number in (signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM):
        os.kill(process.pid, number)
    sleep(0.5)
    assert process.is_alive()
    assert [next(items), next(items)] == [1, 2]
    process.join(timeout=10)
    assert process.exitcode == 0
