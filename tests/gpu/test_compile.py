"""``model.compile=true`` on the GPU follows uncompiled networks."""

import pytest
import torch

from tests.gpu.conftest import DRY
from tests.test_golden import compare, train

CASES = [("dcgan", "wgan_gp")] if DRY else [("mlp_gan", "r3gan"), ("dcgan", "wgan_gp"), ("dcgan", "non_saturating")]


@pytest.mark.parametrize(("model", "loss"), CASES)
def test_compiling_does_not_matter(model: str, loss: str, device: torch.device) -> None:
    """On the CPU, compiled networks run uncompiled here; ``tests/test_golden.py`` compiles them."""
    settings = {"accelerator": device.type, "devices": 1} | ({"max_steps": 2} if DRY else {})
    eager = train(model, loss, **settings)
    with torch.compiler.set_stance("force_eager" if DRY else "default"):
        compare(train(model, loss, "model.compile=true", **settings), eager)
