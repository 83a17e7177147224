"""Workers of the benchmark: timing of their updates, and failures."""

import time
from functools import partial

import pytest

from gan.benchmark.interleaving import measure_alternately
from gan.benchmark.workers import UpdateGate, Workers
from gan.errors import UserError


def sleeping_loop(seconds: float, gate: UpdateGate) -> None:
    while True:
        gate()
        time.sleep(seconds)


def failing_loop(gate: UpdateGate) -> None:
    gate()
    raise ValueError("test")


@pytest.mark.long
def test_times_per_update() -> None:
    with Workers({"slow": partial(sleeping_loop, 0.04), "fast": partial(sleeping_loop, 0.01)}) as workers:
        times = measure_alternately({name: partial(workers.time_updates, name, 5) for name in ("slow", "fast")}, 3)
        assert set(workers.peak_memory) == {"slow", "fast"}
        assert all(peak > 10 for peak in workers.peak_memory.values())
    assert all(0.04 < seconds < 0.08 for seconds in times["slow"])
    assert all(0.01 < seconds < 0.03 for seconds in times["fast"])
    assert not any(process.is_alive() for process in workers.processes)


@pytest.mark.long
def test_a_failed_worker_is_named() -> None:
    with Workers({"working": partial(sleeping_loop, 0.01), "failing": failing_loop}) as workers:
        workers.time_updates("working", 1)
        with pytest.raises(UserError, match=r"the implementation 'failing' failed; .*: ValueError: test"):
            workers.time_updates("failing", 2)


@pytest.mark.long
def test_a_deadline_gives_up_a_worker() -> None:
    start = time.monotonic()
    workers = Workers({"slow": partial(sleeping_loop, 60)}, deadline=start + 0.5)
    with workers, pytest.raises(TimeoutError, match="'slow' was not ready in time"):
        workers.time_updates("slow", 2)
    assert time.monotonic() - start < 30
    assert not any(process.is_alive() for process in workers.processes)
