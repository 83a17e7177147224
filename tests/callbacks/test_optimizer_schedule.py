"""Schedules of options of the optimisers: the values of each update, also after resuming."""

from math import cos, pi
from pathlib import Path

import pytest
import torch
from pytorch_lightning import LightningModule

from gan.callbacks.optimizer_schedule import OptimizerSchedule
from gan.errors import UserError
from gan.schedules.decay import Cosine, Linear
from tests.loss_games import play, state_of


def test_a_resumed_run_continues_the_schedule(tmp_path: Path) -> None:
    def momentum() -> OptimizerSchedule:
        return OptimizerSchedule("momentum", 0.5, 0.9, Linear(steps=8))

    whole, _ = play("hinge", steps=4, callbacks=[momentum()])
    half, _ = play("hinge", steps=2, callbacks=[momentum()])
    half.save_checkpoint(tmp_path / "half.ckpt")
    resumed, _ = play("hinge", steps=4, ckpt=tmp_path / "half.ckpt", callbacks=[momentum()])
    for group in (group for optimizer in resumed.optimizers for group in optimizer.param_groups):
        assert group["momentum"] == pytest.approx(0.5 + 0.4 * 3 / 8)  # of the fourth update
    expected = state_of(whole)
    assert all(torch.equal(value, expected[key]) for key, value in state_of(resumed).items())
    constant, _ = play("hinge", steps=4)
    assert not all(torch.equal(value, expected[key]) for key, value in state_of(constant).items())


class Stub:
    def __init__(self, *optimizers: torch.optim.Optimizer) -> None:
        self.optimizers, self.global_step = optimizers, 0


def test_a_single_number_follows_its_schedule() -> None:
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1, momentum=0.9)
    trainer, callback = Stub(optimizer), OptimizerSchedule("momentum", 0.5, 0.9, Linear(steps=4))
    callback.on_fit_start(trainer, LightningModule())
    for trainer.global_step, expected in ((0, 0.5), (2, 0.7), (4, 0.9), (9, 0.9)):
        callback.on_train_batch_start(trainer, LightningModule(), None, 0)
        assert optimizer.param_groups[0]["momentum"] == pytest.approx(expected)


def test_beta2_follows_half_a_cosine() -> None:
    optimizer = torch.optim.Adam([torch.zeros(1)], betas=(0.0, 0.5))
    trainer, callback = Stub(optimizer), OptimizerSchedule("betas", 0.9, 0.99, Cosine(steps=10), index=1)
    callback.on_fit_start(trainer, LightningModule())
    for trainer.global_step in (0, 3, 10, 20):
        callback.on_train_batch_start(trainer, LightningModule(), None, 0)
        beta2 = 0.99 - 0.09 * (1 + cos(pi * min(1, trainer.global_step / 10))) / 2
        assert optimizer.param_groups[0]["betas"] == (0.0, pytest.approx(beta2))


@pytest.mark.parametrize(("option", "index"), [("betas", 1), ("betas", None), ("momentum", 1)])
def test_an_optimizer_without_the_option_is_refused(option: str, index: int | None) -> None:
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
    with pytest.raises(UserError, match=f"SGD has no option {option}"):
        OptimizerSchedule(option, 0.9, 0.99, Cosine(10), index).on_fit_start(Stub(optimizer), LightningModule())
