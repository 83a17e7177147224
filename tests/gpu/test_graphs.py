"""An update captured as a CUDA graph trains as the update does."""

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from gan.benchmark.graphs import WARM_UP, captured
from tests.gpu.conftest import DRY

STEPS = 5


@pytest.mark.skipif(DRY, reason="needs a GPU: the CPU has no graphs")
def test_replays_train_as_updates_do(device: torch.device) -> None:
    for one, other in zip(trained(device, replay=True), trained(device, replay=False), strict=True):
        assert_close(one, other)


def trained(device: torch.device, replay: bool) -> list[Tensor]:
    """Return the weights after as many steps, some of which a capture makes to warm up."""
    torch.manual_seed(0)
    layer = nn.Linear(4, 1).to(device)
    optimizer = torch.optim.Adam(layer.parameters(), 0.01, fused=True)
    x = torch.randn(8, 4).to(device)

    def update() -> None:
        optimizer.zero_grad()
        layer(x).square().mean().backward()
        optimizer.step()

    step = captured(update, [optimizer]) if replay else update
    for _ in range(STEPS if replay else STEPS + WARM_UP):
        step()
    return [parameter.detach() for parameter in layer.parameters()]
