"""Half precision on the GPU: bfloat16, and float16 with a loss scaler that meets an overflow."""

from typing import Any

import pytest
import torch
from pytorch_lightning import Trainer
from pytorch_lightning.plugins import MixedPrecision
from torch import Tensor

from gan.instantiate import build
from gan.types import Terms
from tests.drawing import drawn_on_cpu
from tests.gpu.conftest import DRY, LOSSES
from tests.models.test_gan import QUIET, Recorder
from tests.test_conf import composed, data_of, small
from tests.test_golden import STEPS, Curves, train

SCALE = 256.0


def terms_of(curves: Curves) -> Curves:
    """Return what is not counted, as an accuracy is."""
    return {name: values for name, values in curves.items() if "accuracy" not in name}


@pytest.mark.parametrize("loss", LOSSES)
def test_bfloat16_follows_float32(loss: str, device: torch.device) -> None:
    """The first update has rounding errors of 2^-8 per layer, and no later value is infinite or NaN."""
    settings: dict[str, Any] = {"accelerator": device.type, "devices": 1, "max_steps": 2 if DRY else STEPS}
    with drawn_on_cpu():
        exact = terms_of(train("dcgan", loss, **settings))
        mixed = terms_of(train("dcgan", loss, precision="bf16-mixed", **settings))
    assert all(torch.tensor(values).isfinite().all() for values in mixed.values())
    for name, values in exact.items():
        assert mixed[name][0] == pytest.approx(values[0], rel=0.1, abs=0.05), name


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_an_overflow_in_float16_skips_one_update(player: str, loss: str, device: torch.device) -> None:
    """The gradient of one player is infinite at its second update: the scale is halved, and training goes on."""
    torch.manual_seed(0)
    config = composed("model=dcgan", f"loss={loss}", "data.batch_size=16", *small("dcgan"))
    model, critic_steps = build(config.model), build(config.loss).critic_steps
    terms, calls = getattr(model, f"{player}_terms"), [0]

    def overflowing(*arguments: Any) -> Terms:
        calls[0] += 1
        return {name: term * (float("inf") if calls[0] == 2 else 1) for name, term in terms(*arguments).items()}

    vars(model)[f"{player}_terms"] = overflowing
    scaler, recorder = torch.amp.GradScaler(device.type, init_scale=SCALE), Recorder()
    precision = MixedPrecision("16-mixed", device.type, scaler)
    settings = QUIET | {"accelerator": device.type, "devices": 1}
    trainer = Trainer(**settings, plugins=precision, max_steps=4, callbacks=[recorder])
    trainer.fit(model, datamodule=data_of(config))

    batches = 4 * critic_steps
    assert trainer.global_step == 4, "a skipped update counts"
    assert model.batches_seen == batches
    assert scaler.get_scale() == SCALE / 2
    assert all(parameter.isfinite().all() for parameter in model.parameters())
    updates = {"discriminator": batches, "generator": 4}
    for name, optimizer in zip(("discriminator", "generator"), trainer.optimizers, strict=True):
        steps = {float(state["step"]) for state in optimizer.state.values()}
        assert steps == {updates[name] - (name == player)}
    overflow = (2 * critic_steps if player == "generator" else 2) - 1  # index of the batch
    assert changed(recorder.weights[overflow - 1], recorder.weights[overflow], player) is False
    assert changed(recorder.weights[overflow], recorder.weights[-1], player) is True


def changed(before: dict[str, Tensor], after: dict[str, Tensor], player: str) -> bool:
    return any(not torch.equal(before[name], after[name]) for name in before if name.startswith(f"{player}."))
