"""Phases before the game, replay in it, and learning rates of single players."""

from functools import partial
from typing import Any

import pytest
import torch
from pytorch_lightning import Callback, LightningModule, Trainer

from gan.errors import UserError
from gan.losses.adversarial import NonSaturating
from gan.losses.generator_regularizers import L1
from gan.losses.objective import Objective
from gan.models.gan import GAN
from gan.models.optimizer_state import restore_options
from gan.models.phases import Phase
from gan.models.replay import Replay
from gan.schedules.decay import Linear
from tests.models.test_gan import QUIET, Noise, fit, make


def test_the_generator_trains_alone_in_a_phase_without_a_discriminator() -> None:
    objective = Objective(NonSaturating(), generator_regularizers={"l1": L1(1.0)}, critic_steps=2)
    trainer, recorder = fit(make(objective, phases=[Phase(steps=3)]), steps=5)
    assert trainer.global_step == 5
    alone, game = {"g/l1"}, {"g/adversarial", "g/l1", "d/adversarial"}
    names = [{name for name in terms if name.split("/")[1] in ("l1", "adversarial")} for terms in recorder.terms]
    assert names[:3] == [alone] * 3
    assert set.union(*names[3:]) == game
    assert recorder.changed("discriminator")[:2] == [False, False]
    assert any(recorder.changed("discriminator"))


def test_a_phase_without_terms_is_refused() -> None:
    with pytest.raises(UserError, match=r"model\.phases"):
        fit(make(phases=[Phase(steps=3)]))


def test_the_discriminator_sees_replayed_fakes_and_regularizers_new_ones() -> None:
    replay = Replay(size=8)
    seen: list[tuple[bool, bool]] = []

    class Recorded(GAN):
        def discriminator_terms(self, d_pass: Any) -> Any:
            old = ~(d_pass.fake == d_pass.generated.images).flatten(1).all(1)
            seen.append((bool(old.any()), bool(old.all())))
            return super().discriminator_terms(d_pass)

        def generator_terms(self, d_pass: Any) -> Any:
            assert torch.equal(d_pass.fake, d_pass.generated.images)
            return super().generator_terms(d_pass)

    model = make(replay=replay)
    model.__class__ = Recorded
    fit(model, steps=8)
    assert seen[0] == (False, False)
    assert any(some for some, _ in seen)
    assert "replay.pool" in model.state_dict()


def test_replay_does_not_fit_conditional_models() -> None:
    with pytest.raises(ValueError, match="another class"):
        make(replay=Replay(), num_classes=3)


class Rates(Callback):
    """Records both players' learning rates; may set the generator's once."""

    def __init__(self, set_at: int | None = None) -> None:
        self.seen: list[list[float]] = []
        self.set_at = set_at

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        if len(self.seen) + 1 == self.set_at:
            trainer.optimizers[1].param_groups[0]["lr"] = 5.0
        self.seen.append([group["lr"] for optimizer in trainer.optimizers for group in optimizer.param_groups])


def rates(steps: int = 4, set_at: int | None = None, **settings: Any) -> list[list[float]]:
    callback = Rates(set_at)
    trainer = Trainer(**QUIET, max_steps=steps, callbacks=[callback])
    trainer.fit(make(lr=0.1, **settings), torch.utils.data.DataLoader(Noise(), batch_size=None))
    return callback.seen


def test_each_player_may_have_a_schedule() -> None:
    decay = Linear(steps=4)
    expected = [0.1 * (1 - step / 4) for step in range(4)]
    assert rates(schedules={"generator": decay}) == [[0.1, pytest.approx(rate)] for rate in expected]
    mixed = rates(schedule=decay, schedules={"generator": partial(torch.optim.lr_scheduler.StepLR, step_size=1)})
    # torch's scheduler steps after each update of the generator
    assert mixed == [[pytest.approx(a), pytest.approx(0.1**b)] for a, b in zip(expected, (1, 2, 3, 4), strict=True)]


def test_a_schedule_must_name_a_player_and_fit_the_loop() -> None:
    with pytest.raises(UserError, match=r"schedules\.critic: the players are discriminator, generator"):
        rates(schedules={"critic": Linear(steps=4)})
    with pytest.raises(UserError, match="ReduceLROnPlateau"):
        rates(schedule=torch.optim.lr_scheduler.ReduceLROnPlateau)


@pytest.mark.parametrize("schedule", [None, Linear(steps=10)])
def test_a_rate_that_a_callback_sets_is_kept_and_scheduled_from_there(schedule: Linear | None) -> None:
    seen = rates(set_at=2, schedule=schedule)
    factors = [1.0 if schedule is None else schedule(step) for step in range(4)]
    assert seen[0] == [0.1, 0.1]
    assert [g for _, g in seen[1:]] == [pytest.approx(5.0 * factor / factors[1]) for factor in factors[1:]]
    assert [d for d, _ in seen[1:]] == [pytest.approx(0.1 * factor) for factor in factors[1:]]


@pytest.mark.parametrize("saved", [{"configured_lr": 0.1}, {}], ids=["saved", "earlier checkpoint"])
def test_a_resumed_rate_keeps_its_ratio_to_the_option(saved: dict[str, float]) -> None:
    group = {"lr": 0.05, "initial_lr": 0.1, "betas": (0.5, 0.9), "params": [0], **saved}
    restore_options(group, {"lr": 0.2, "initial_lr": 0.2, "configured_lr": 0.2, "betas": (0.0, 0.9), "params": [1]})
    assert group == {"lr": 0.1, "initial_lr": 0.2, "configured_lr": 0.2, "betas": (0.0, 0.9), "params": [0]}
