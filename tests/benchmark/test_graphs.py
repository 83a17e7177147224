"""Capture of an update as a CUDA graph: the calls, with stand-ins for those of CUDA."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from gan.benchmark.graphs import WARM_UP, captured


def test_an_update_is_captured_once_and_then_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    log: list[str] = []
    layer = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(layer.parameters(), 0.1)

    def update() -> None:
        log.append("update")
        optimizer.zero_grad()
        layer(torch.ones(1, 2)).sum().backward()

    @contextmanager
    def capture(_graph: object) -> Iterator[None]:
        assert all(p.grad is None for p in layer.parameters()), "gradients are to lie in the graph's memory"
        log.append("capture")
        yield

    stream = SimpleNamespace(wait_stream=lambda _: None)
    replacements = {
        "Stream": lambda: stream,
        "current_stream": lambda: stream,
        "stream": lambda _: nullcontext(),
        "CUDAGraph": lambda: SimpleNamespace(replay=lambda: log.append("replay")),
        "graph": capture,
    }
    for name, replacement in replacements.items():
        monkeypatch.setattr(torch.cuda, name, replacement)
    step = captured(update, [optimizer])
    step()
    assert log == [*WARM_UP * ["update"], "capture", "update", "replay"]
    assert all(group["capturable"] for group in optimizer.param_groups)
