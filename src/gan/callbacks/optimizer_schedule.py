"""Schedule of an option of the optimisers other than the learning rate."""

from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer

from gan.bounds import NonNegativeInt
from gan.errors import UserError
from gan.schedules.base import Schedule

__all__ = ["OptimizerSchedule"]


class OptimizerSchedule(Callback):
    """Schedule of an option of both players' optimisers, such as Adam's β₂ (R3GAN; Huang et al., 2024, Appendix D).

    The option is a function of the number of generator updates, so that a resumed run continues it.

    Args:
        option: Name of the option, such as ``betas``, ``momentum`` or ``weight_decay``.
        start: Value where the schedule is 1.
        end: Value where the schedule is 0.
        schedule: Position between ``end`` and ``start`` as a function of generator updates.
        index: Entry to set of an option with several values, such as 1 for β₂; None for an option with one.
    """

    def __init__(
        self, option: str, start: float, end: float, schedule: Schedule, index: NonNegativeInt | None = None
    ) -> None:
        self.option, self.start, self.end, self.schedule, self.index = option, start, end, schedule, index

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Check that the optimisers have the option.

        Raises:
            UserError: If one has not.
        """
        for optimizer in trainer.optimizers:
            value = optimizer.param_groups[0].get(self.option)
            numbers = value if self.index is not None else [value]
            if not isinstance(numbers, tuple | list) or not all(isinstance(number, float | int) for number in numbers):
                entry = "" if self.index is None else f" with an entry {self.index}"
                raise UserError(f"callbacks: {type(optimizer).__name__} has no option {self.option}{entry} to schedule")

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Set the option for the updates of a batch."""
        value = self.end + (self.start - self.end) * self.schedule(trainer.global_step)
        for group in (group for optimizer in trainer.optimizers for group in optimizer.param_groups):
            if self.index is None:
                group[self.option] = value
            else:
                values = list(group[self.option])
                values[self.index] = value
                group[self.option] = tuple(values)
