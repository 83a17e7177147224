"""On several GPUs, if there are any: ranks over NCCL. What one GPU can check is in ``tests/gpu``."""

import os
from pathlib import Path

import pytest
import torch

from tests.conftest import TINY, run_python

OPTIONS = [option for option in TINY if option != "trainer=cpu"]
OPTIONS += ["trainer.max_steps=5", "trainer.log_every_n_steps=5", "evaluate.every_n_steps=5"]


@pytest.mark.gpu
@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="there are fewer than two GPUs")
def test_synchronised_batch_norm_equals_that_of_one_rank(tmp_path: Path) -> None:
    """With synchronised batch norm, two GPUs follow the trajectory of one."""
    for devices in (1, 2):
        options = [*OPTIONS, "trainer=ddp", f"trainer.devices={devices}", f"hydra.run.dir={tmp_path / str(devices)}"]
        options += [f"trainer.sync_batchnorm={devices > 1}".lower()]
        run = run_python("train.py", *options, CUDA_VISIBLE_DEVICES=os.environ.get("CUDA_VISIBLE_DEVICES", "0,1"))
        assert run.status == 0, run.err
    one, two = (
        torch.load(tmp_path / name / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"] for name in "12"
    )
    for name in one:
        torch.testing.assert_close(two[name], one[name], rtol=1e-2, atol=1e-3)
