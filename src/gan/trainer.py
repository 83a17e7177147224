"""Lightning's trainer on the clock of generator updates. The names of Lightning that it overrides are of 2.6."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pytorch_lightning import Trainer
from pytorch_lightning.trainer.connectors.logger_connector import _LoggerConnector

__all__ = ["GeneratorClockTrainer", "validation"]


class GeneratorClockTrainer(Trainer):
    """Trainer that counts generator updates wherever Lightning's counts batches.

    Everything that callbacks log has the number of the generator update that its batch contributes to, and is logged
    once every ``log_every_n_steps`` updates and after the last one. Evaluations are Lightning's validations: callbacks
    that wait for one, such as EarlyStopping and ModelCheckpoint, act at each.

    Args:
        **settings: Arguments of Lightning's Trainer, without those of epochs and validation.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(
            **settings,
            min_epochs=0,
            max_epochs=-1,  # the data module shuffles endlessly; max_steps counts generator updates
            check_val_every_n_epoch=sys.maxsize,  # so that callbacks wait for validations, not for an epoch's end
            num_sanity_val_steps=0,
            use_distributed_sampler=False,
        )
        self._logger_connector: _LoggerConnector = GeneratorClock(self)

    @property
    def enable_validation(self) -> bool:
        """True: callbacks prepare for the validations that an evaluation announces."""
        return True

    def _run_stage(self) -> Any:
        """Train; what callbacks log before the first batch is of the latest generator update, also after a resume."""
        self.fit_loop.epoch_loop._batches_that_stepped = self.global_step
        return super()._run_stage()


class GeneratorClock(_LoggerConnector):
    """Logger connector that logs on generator updates."""

    def __init__(self, trainer: Trainer) -> None:
        super().__init__(trainer)
        self._updates_before = -1  # generator updates before the current batch
        self._starts_update = True  # whether the current batch is the first one since the last generator update

    @property
    def should_update_logs(self) -> bool:
        """Whether a hook should log: before the first batch of an update that is due, and after its last batch."""
        step = self.trainer.global_step
        if self.trainer.lightning_module._current_fx_name == "on_train_batch_start":
            return self._starts_update and self._is_due(step + 1)
        return step > self._updates_before and (self._is_due(step) or self.trainer.should_stop)

    def _is_due(self, step: int) -> bool:
        every: int = self.trainer.log_every_n_steps  # type: ignore[attr-defined]  # set by one of Lightning's connectors
        return step % every == 0 or step == self.trainer.max_steps

    def on_batch_start(self, batch: Any, dataloader_idx: int | None = None) -> None:
        """Set the step at which this batch's callbacks log: the next generator update."""
        super().on_batch_start(batch, dataloader_idx)
        updates = self.trainer.global_step
        self._starts_update, self._updates_before = updates != self._updates_before, updates
        self.trainer.fit_loop.epoch_loop._batches_that_stepped = updates + 1

    def log_metrics(self, metrics: Any, step: int | None = None) -> None:
        """Log metrics at the current generator update, or at the ``step`` among them."""
        if step is None and "step" not in metrics:
            step = self.trainer.global_step
        super().log_metrics(metrics, step)


@contextmanager
def validation(trainer: Trainer) -> Iterator[None]:
    """Call the hooks of a validation around an evaluation, and log what they log, as Lightning's loop does."""
    loop, connector = trainer.fit_loop.epoch_loop.val_loop, trainer._logger_connector
    in_batch = connector._first_loop_iter
    trainer.validating = True
    try:
        loop._on_evaluation_start()
        loop._on_evaluation_epoch_start()
        yield
        loop.on_run_end()
    finally:
        trainer.training = True
        connector._first_loop_iter = in_batch
