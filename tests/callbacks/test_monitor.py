"""Monitor: counts of images and seconds over an interrupted window."""

import pytest

from gan.callbacks.monitor import Monitor


def test_a_checkpoint_within_a_window_counts_its_images_and_seconds() -> None:
    """A run that is killed resumes from such a checkpoint; throughput counts every image once."""
    monitor, now = Monitor(50), [0, 100.0]
    monitor._clock = lambda: (now[0], now[1])
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
    resumed.load_state_dict({key: value for key, value in state.items() if key != "latest"})


@pytest.mark.parametrize("seconds", [0.0, 2.0])
def test_throughput(seconds: float) -> None:
    monitor = Monitor(50)
    monitor.images, monitor.busy = 320, seconds
    assert monitor.images_per_second == (160 if seconds else 0)
