"""Precision chosen by the device."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from gan import host
from tests.conftest import TINY, Run

Train = Callable[..., Run]


@pytest.mark.parametrize(
    ("flags", "precision"),
    [
        ({"avx2", "amx_bf16", "amx_tile"}, "bf16-mixed"),
        ({"avx512f", "avx512_bf16"}, "bf16-mixed"),
        ({"avx2", "avx512f"}, "32-true"),
        (set(), "32-true"),
    ],
)
def test_a_cpu_with_bf16_units_uses_bf16(monkeypatch: Any, flags: set[str], precision: str) -> None:
    monkeypatch.setattr(host, "_cpu_flags", lambda: flags)
    assert host.fast_precision(torch.device("cpu")) == precision


@pytest.mark.parametrize(
    ("capability", "precision"), [((7, 5), "32-true"), ((8, 0), "bf16-mixed"), ((9, 0), "bf16-mixed")]
)
def test_a_gpu_since_ampere_uses_bf16(monkeypatch: Any, capability: tuple[int, int], precision: str) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    assert host.fast_precision(torch.device("cuda", 0)) == precision


@pytest.mark.parametrize(
    ("options", "flags", "precision"),
    [
        ([], {"amx_bf16"}, "bf16-mixed"),
        ([], set(), "32-true"),
        (["trainer.precision=32-true"], {"amx_bf16"}, "32-true"),
        (["model=mlp_gan", "data=ring8", "metric=gaussian_modes"], {"amx_bf16"}, "32-true"),
    ],
    ids=["units", "no units", "requested", "2-D points need float32"],
)
def test_a_run_records_its_precision(
    train: Train, monkeypatch: Any, options: list[str], flags: set[str], precision: str
) -> None:
    monkeypatch.setattr(host, "_cpu_flags", lambda: flags)
    run = train(*TINY, "trainer.max_steps=1", "evaluate.every_n_steps=1", *options)
    assert run.status == 0, run.err
    assert run.results["config"]["trainer"]["precision"] == precision
    assert run.checkpoint()["config"]["trainer"]["precision"] == precision
    assert ("Precision bf16-mixed" in run.out + run.err) == (precision == "bf16-mixed")
