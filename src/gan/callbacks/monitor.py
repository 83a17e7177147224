"""Looks at the terms of the game: logs their means, and stops a run whose losses are no longer numbers."""

from math import isfinite
from statistics import fmean
from time import perf_counter
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer

from gan.callbacks.periodic import data_module, find_callbacks, is_generator_update, overhead_seconds
from gan.distributed.group import mean_over_ranks
from gan.errors import UserError
from gan.types import Terms

__all__ = ["Monitor", "check_finite"]

ADVICE = "the last good checkpoint is kept: resume from it with lower learning rates or a model.gradient_clip"


class Monitor(Callback):
    """Keeps each step's terms where they were computed, and reads them together: one wait for the device a window.

    Logs the means of ``train/d/<term>`` and ``train/g/<term>`` over a window of generator updates and over all ranks,
    and images a second.

    Args:
        every_n_steps: Generator updates a window.

    Attributes:
        latest: The last means, by name.
        closed_at: The generator update that the last whole window ended with, or that this process began at.
        busy: Seconds of training up to the last window's end, without evaluation, pictures and checkpoints.
    """

    def __init__(self, every_n_steps: int) -> None:
        self.every_n_steps = every_n_steps
        self.pending: list[tuple[int, Terms]] = []
        self.values: dict[str, list[float]] = {}
        self.latest: dict[str, float] = {}
        self.closed_at = 0
        self.images, self.busy = 0, 0.0
        self.window = (0, 0.0)

    @property
    def images_per_second(self) -> float:
        """Training's throughput over the run so far."""
        return self.images / self.busy if self.busy else 0.0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the stopwatch."""
        self.window, self.closed_at = self._now(trainer), trainer.global_step

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Keep a batch's terms, and at the end of a window log their means."""
        self.pending.append((trainer.global_step, outputs))
        if is_generator_update(outputs) and trainer.global_step % self.every_n_steps == 0:
            self._log_window(trainer)
            self.values, self.closed_at = {}, trainer.global_step

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Log the window that training ended in, if the generator was updated in it; a resumed run completes it."""
        if trainer.global_step > self.closed_at:
            self._log_window(trainer)

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Refuse to save a game that has left the finite numbers."""
        check_finite(trainer, pl_module)

    def state_dict(self) -> dict[str, Any]:
        """Return the terms of the window at hand, and what training has taken so far."""
        self.read()
        return {"values": self.values, "images": self.images, "busy": self.busy}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with the window that a checkpoint was saved in, and with the counts."""
        self.values, self.images, self.busy = state_dict["values"], state_dict["images"], state_dict["busy"]

    def read(self) -> None:
        """Take the pending terms from the device, all at once, to the window's others.

        Raises:
            UserError: If one is not finite; the first is named, with its step.
        """
        names = [(step, name) for step, terms in self.pending for name in terms]
        values = [value.float() for _, terms in self.pending for value in terms.values()]
        numbers = mean_over_ranks(torch.stack(values)).tolist() if values else []
        for (step, name), number in zip(names, numbers, strict=True):
            if not isfinite(number):
                raise UserError(f"train/{name} became {number} by generator update {step}; {ADVICE}")
            self.values.setdefault(name, []).append(number)
        self.pending = []

    def _log_window(self, trainer: Trainer) -> None:
        self.read()
        self.latest = {name: fmean(numbers) for name, numbers in self.values.items()}
        (images, at), self.window = self.window, self._now(trainer)
        images, seconds = self.window[0] - images, self.window[1] - at
        self.images, self.busy = self.images + images, self.busy + seconds
        metrics = {f"train/{name}": mean for name, mean in self.latest.items()}
        for logger in trainer.loggers:
            logger.log_metrics(metrics | {"train/images_per_second": images / seconds}, trainer.global_step)

    @staticmethod
    def _now(trainer: Trainer) -> tuple[int, float]:
        return data_module(trainer).images_seen, perf_counter() - overhead_seconds(trainer)


def check_finite(trainer: Trainer, module: LightningModule) -> None:
    """Look for terms and weights that are not finite.

    Raises:
        UserError: If there are some; the first term, with its step, or the first parameter is named.
    """
    for monitor in find_callbacks(trainer, Monitor):
        monitor.read()
    for name, parameter in module.named_parameters():
        if not parameter.isfinite().all():
            step = trainer.global_step
            raise UserError(f"weights of {name} became infinite or NaN by generator update {step}; {ADVICE}")
