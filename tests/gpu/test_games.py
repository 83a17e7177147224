"""Each model of conf/ on the GPU: its updates and its samples are those of the CPU, up to rounding."""

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from gan.instantiate import build
from tests.drawing import drawn_on_cpu
from tests.gpu.conftest import DRY, FEWER
from tests.test_conf import choices, composed, data_of, own_loss, small
from tests.test_golden import Curves, compare, train

Record = Callable[[str, object], None]

MODELS = [
    pytest.param(model, marks=pytest.mark.skipif(DRY and index % FEWER > 0, reason="--dry checks fewer games"))
    for index, model in enumerate(choices("model"))
]


def largest_difference(curves: Curves, others: Curves) -> float:
    """Return the largest difference of two runs, relative to the largest value of a term."""
    differences = [
        max(abs(a - b) for a, b in zip(curves[name], values, strict=True)) / (max(map(abs, values)) or 1.0)
        for name, values in others.items()
        if "accuracy" not in name
    ]
    return max(differences, default=0.0)


def test_float32_is_exact(device: torch.device, record_property: Record) -> None:
    """Products and convolutions have errors of float32, 1e-7 per operation; those of TF32 are near 3e-4."""
    torch.manual_seed(0)
    linear, convolution = nn.Linear(256, 256), nn.Conv2d(32, 32, 3)
    for name, layer, x in (
        ("product", linear, torch.randn(64, 256)),
        ("conv", convolution, torch.randn(4, 32, 16, 16)),
    ):
        exact = layer.double()(x.double())
        error = float((layer.float().to(device)(x.to(device)).cpu() - exact).norm().detach() / exact.norm().detach())
        record_property(f"error of {name}", f"{error:.1e}")
        assert error < 1e-5


@pytest.mark.parametrize("model", MODELS)
def test_a_game_follows_the_cpu(model: str, device: torch.device, record_property: Record) -> None:
    """20 updates in float32, with numbers that are drawn on the CPU.

    The tolerance is that of the golden curves, which hold on processors whose sums round differently: within 20
    updates the players amplify rounding errors of 1e-7 to a few percent at most, and a wrong term differs by more.
    """
    steps = {"max_steps": 2} if DRY else {}
    with drawn_on_cpu():
        reference = train(model, own_loss(model), **steps)
        curves = train(model, own_loss(model), accelerator=device.type, devices=1, deterministic="warn", **steps)
    record_property("largest difference", f"{largest_difference(curves, reference):.1e}")
    compare(curves, reference)


@pytest.mark.parametrize("model", MODELS)
def test_samples_are_those_of_the_cpu(model: str, device: torch.device, record_property: Record) -> None:
    """The samples of a seed, with numbers that are drawn on the CPU: a GPU draws others for the same seed."""
    torch.manual_seed(0)
    config = composed(f"model={model}", *small(model))
    network, requests = build(config.model), data_of(config).requests
    with drawn_on_cpu():
        wanted = network.sample(8, seed=1, requests=requests)
        samples = network.to(device).sample(8, seed=1, requests=requests)
    assert samples.device == device
    record_property("largest difference", f"{float((samples.cpu() - wanted).abs().max()):.1e}")
    assert_close(samples.cpu(), wanted, rtol=0, atol=1e-3)


def test_the_batch_size_of_sampling_does_not_matter(device: torch.device) -> None:
    """With numbers that are drawn on the device itself."""
    torch.manual_seed(0)
    network = build(composed("model=dcgan", *small("dcgan")).model).to(device)
    assert_close(network.sample(12, batch_size=5), network.sample(12), rtol=0, atol=1e-4)
    assert torch.equal(network.sample(12), network.sample(12))
