"""Loading processes that fit in shared memory, or none."""

import pytest

from gan.data.mnist5k import MNIST5k


@pytest.mark.parametrize(("free", "workers"), [(None, 2), (10**9, 2), (2**20, 2), (2**18, 0), (0, 0)])
def test_small_shared_memory_starts_no_processes(
    free: int | None, workers: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("gan.data.workers.free_shared_memory", lambda: free)
    data = MNIST5k(image_size=28, channels=1, num_classes=10, batch_size=64, num_workers=2)
    loaders = [data.train_dataloader(), data.train_dataloader()]
    assert [(loader.num_workers, loader.persistent_workers) for loader in loaders] == [(workers, workers > 0)] * 2
    assert caplog.text.count("docker run --shm-size") == (workers == 0), "named once"
