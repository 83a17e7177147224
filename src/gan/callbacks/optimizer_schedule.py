"""Schedule of an option of the optimisers other than the learning rate."""

from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer

from gan.bounds import NonNegativeInt
from gan.errors import UserError
from gan.instantiate import check_call
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
        """Check that the optimisers have the option, and take both of its ends.

        Raises:
            UserError: If one does not.
        """
        for optimizer in trainer.optimizers:
            value = optimizer.param_groups[0].get(self.option)
            numbers = value if self.index is not None else [value]
            valid = isinstance(numbers, tuple | list) and all(isinstance(number, float | int) for number in numbers)
            if not valid or not 0 <= (self.index or 0) < len(numbers or ()):
                entry = "" if self.index is None else f" with an entry {self.index}"
                raise UserError(f"callbacks: {type(optimizer).__name__} has no option {self.option}{entry} to schedule")

            for end in (self.start, self.end):
                check_call(type(optimizer), {self.option: self._replaced(value, end)}, "callbacks")

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Set the option for the updates of a batch."""
        value = self.end + (self.start - self.end) * self.schedule(trainer.global_step)
        for group in (group for optimizer in trainer.optimizers for group in optimizer.param_groups):
            group[self.option] = self._replaced(group[self.option], value)

    def _replaced(self, option: Any, value: float) -> Any:
        """Return the option's values with the scheduled one replaced."""
        if self.index is None:
            return value
        return tuple(value if index == self.index else each for index, each in enumerate(option))
