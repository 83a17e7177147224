"""Base class of callbacks that act every N generator updates and at the end of training."""

from abc import abstractmethod
from time import perf_counter
from typing import Any, TypeVar

from pytorch_lightning import Callback, LightningModule, Trainer

from gan.bounds import PositiveInt
from gan.data.module import DataModule
from gan.types import Terms

__all__ = ["Periodic", "data_module", "find_callbacks", "is_generator_update", "overhead_seconds"]

CallbackType = TypeVar("CallbackType", bound=Callback)


class Periodic(Callback):
    """Callback that acts after every ``every_n_steps``-th generator update and after the last one.

    Args:
        every_n_steps: Generator updates between two actions.

    Attributes:
        seconds: Total duration of the actions, which does not count as training time.
    """

    def __init__(self, every_n_steps: PositiveInt) -> None:
        self.every_n_steps = every_n_steps
        self.seconds = 0.0
        self._acted_at = -1

    @abstractmethod
    def act(self, trainer: Trainer, module: LightningModule) -> None:
        """Act at ``trainer.global_step``."""

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Act if this batch updated the generator and the step is a multiple of ``every_n_steps``."""
        if is_generator_update(outputs) and trainer.global_step % self.every_n_steps == 0:
            self._act(trainer, pl_module)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Act once more if training ended between two actions."""
        if self._acted_at != trainer.global_step:
            self._act(trainer, pl_module)

    def _act(self, trainer: Trainer, module: LightningModule) -> None:
        start = perf_counter()
        self.act(trainer, module)
        self.seconds += perf_counter() - start
        self._acted_at = trainer.global_step


def is_generator_update(outputs: Terms) -> bool:
    """Return whether a training step updated the generator, from the terms that it returned."""
    return any(name.startswith("g/") for name in outputs)


def overhead_seconds(trainer: Trainer) -> float:
    """Return the seconds that a run has spent on periodic actions."""
    seconds: list[float] = [callback.seconds for callback in _callbacks(trainer) if isinstance(callback, Periodic)]
    return sum(seconds)


def find_callbacks(trainer: Trainer, kind: type[CallbackType]) -> list[CallbackType]:
    """Return a trainer's callbacks of a class."""
    return [callback for callback in _callbacks(trainer) if isinstance(callback, kind)]


def data_module(trainer: Trainer) -> DataModule:
    """Return a trainer's data module."""
    data = getattr(trainer, "datamodule", None)  # set by one of Lightning's connectors, which type checkers do not see
    assert isinstance(data, DataModule)
    return data


def _callbacks(trainer: Trainer) -> list[Callback]:
    return list(getattr(trainer, "callbacks", []))  # likewise
