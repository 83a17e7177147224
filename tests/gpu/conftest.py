"""Device of the checks: a GPU, or the CPU against itself where the environment variable GAN_DRY_GPU is set."""

import os
from collections.abc import Iterator

import pytest
import torch

DRY = bool(os.environ.get("GAN_DRY_GPU"))
"""Whether the checks run on the CPU, which tests their code and nothing else."""

FEWER = 12
"""On the CPU, one game in so many is checked, and one loss."""

LOSSES = ["non_saturating"] if DRY else ["non_saturating", "wgan_gp", "r3gan"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "gpu" in item.path.parts:
            item.add_marker("gpu")


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Iterator[torch.device]:
    """Device of a check, without TF32, which rounds to 10 bits, and kernels whose sums vary from call to call."""
    if not DRY and not torch.cuda.is_available():
        pytest.skip("there is no GPU")
    for option, value in {"allow_tf32": False, "deterministic": True, "benchmark": False}.items():
        monkeypatch.setattr(torch.backends.cudnn, option, value)
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    yield torch.device("cpu") if DRY else torch.device("cuda", 0)
    torch.use_deterministic_algorithms(False)  # which Lightning's trainer sets
