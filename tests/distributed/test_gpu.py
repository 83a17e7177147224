"""On GPUs, if there are any: half precision with a loss scaler, and ranks over NCCL."""

import csv
import os
from math import isfinite
from pathlib import Path

import pytest
import torch

from tests.conftest import TINY, run_python

OPTIONS = [option for option in TINY if option != "trainer=cpu"]
OPTIONS += ["trainer.max_steps=20", "trainer.log_every_n_steps=5", "evaluate.every_n_steps=10"]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.parametrize("loss", ["non_saturating", "wgan_gp", "r3gan"])
@pytest.mark.parametrize("precision", ["bf16-mixed", "16-mixed"])
def test_half_precision_stays_finite(tmp_path: Path, loss: str, precision: str) -> None:
    options = [*OPTIONS, "trainer=gpu", f"loss={loss}", f"trainer.precision={precision}", f"hydra.run.dir={tmp_path}"]
    run = run_python(
        "train.py", *options, folder=tmp_path, CUDA_VISIBLE_DEVICES=os.environ.get("CUDA_VISIBLE_DEVICES", "0")
    )
    assert run.status == 0, run.err
    with (tmp_path / "metrics.csv").open(newline="") as file:
        assert all(isfinite(float(value)) for row in csv.DictReader(file) for value in row.values() if value)


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="there are fewer than two GPUs")
def test_synchronised_batch_norm_equals_that_of_one_rank(tmp_path: Path) -> None:
    """With synchronised batch norm, two GPUs follow the trajectory of one."""
    for devices in (1, 2):
        options = [*OPTIONS, "trainer=ddp", f"trainer.devices={devices}", f"hydra.run.dir={tmp_path / str(devices)}"]
        options += [f"trainer.sync_batchnorm={devices > 1}".lower(), "trainer.max_steps=5"]
        run = run_python("train.py", *options, CUDA_VISIBLE_DEVICES=os.environ.get("CUDA_VISIBLE_DEVICES", "0,1"))
        assert run.status == 0, run.err
    one, two = (
        torch.load(tmp_path / name / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"] for name in "12"
    )
    for name in one:
        torch.testing.assert_close(two[name], one[name], rtol=1e-2, atol=1e-3)
