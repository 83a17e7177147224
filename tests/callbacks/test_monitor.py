"""Monitor: counts of images and seconds over an interrupted window."""

from time import perf_counter
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from gan.callbacks.monitor import Monitor


def test_a_checkpoint_within_a_window_counts_its_images_and_seconds() -> None:
    """A run that is killed resumes from such a checkpoint; throughput counts every image once."""
    monitor, now = Monitor(50), [0, 100.0]
    monitor._clock = lambda: (int(now[0]), now[1])
    monitor.window, monitor.images, monitor.busy = (0, 100.0), 320, 2.0
    monitor.latest = {"d/value": -1.4}
    now[:] = [160, 101.0]
    for _ in range(2):  # saving changes nothing
        state = monitor.state_dict()
        assert (state["images"], state["busy"]) == (480, 3.0)

    resumed = Monitor(50)
    resumed.load_state_dict(state)
    assert (resumed.latest, resumed.images_per_second) == ({"d/value": -1.4}, 160)
    assert resumed.state_dict() == state, "before training starts"
    resumed.load_state_dict({key: value for key, value in state.items() if key not in ("latest", "closed_at")})


def test_a_run_killed_after_its_last_update_logs_its_last_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of 9 updates and windows of two, killed after its last checkpoint, against one that was not."""
    logged: list[dict[str, float]] = []
    monkeypatch.setattr("gan.callbacks.monitor.log_metrics", lambda *args: logged.append(args[1]))
    trainer: Any = SimpleNamespace(global_step=9)
    monitor = Monitor(2)
    monitor.closed_at, monitor.values = 8, {"d/value": [-1.5]}
    monitor._clock = lambda: (72, 3.0)
    state = monitor.state_dict()
    resumed = Monitor(2)
    resumed.load_state_dict(state)
    monkeypatch.setattr("gan.callbacks.monitor._images_and_seconds", lambda _: (0, perf_counter()))
    resumed.on_train_start(trainer, Mock())
    for each in (monitor, resumed):
        each.on_train_end(trainer, Mock())
    assert logged == [{"train/d/value": -1.5, "train/images_per_second": 24.0}, {"train/d/value": -1.5}]


@pytest.mark.parametrize("seconds", [0.0, 2.0])
def test_throughput(seconds: float) -> None:
    monitor = Monitor(50)
    monitor.images, monitor.busy = 320, seconds
    assert monitor.images_per_second == (160 if seconds else 0)
