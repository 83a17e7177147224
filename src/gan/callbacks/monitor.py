"""Logging of loss terms and throughput, and detection of non-finite values."""

from collections.abc import Callable
from functools import partial
from math import isfinite
from pathlib import Path
from statistics import fmean
from time import perf_counter
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import Checkpoint

from gan.bounds import PositiveInt
from gan.callbacks.log import log_metrics
from gan.callbacks.periodic import data_module, find_callbacks, is_generator_update, overhead_seconds
from gan.distributed.group import mean_over_ranks
from gan.errors import UserError
from gan.runs.folder import LAST_CHECKPOINT
from gan.types import Terms

__all__ = ["Monitor", "check_finite"]

ADVICE = "with lower learning rates or with model.gradient_clip=1"
SHOWN = {"d": "d/adversarial", "g": "g/adversarial", "elbo": "g/elbo"}
"""Labels in the progress bar, and the terms that they stand for."""


class Monitor(Callback):
    """Log mean loss terms and throughput once per window of generator updates.

    Logs ``train/d/<term>`` and ``train/g/<term>``, averaged over the window and all ranks, and
    ``train/images_per_second``. Terms stay on their device until the window ends, so that training waits for the device
    once per window.

    Args:
        every_n_steps: Generator updates per window.

    Attributes:
        latest: Means of the last window by name, also of one before the run was resumed.
        closed_at: Generator update at the end of the last whole window.
        busy: Seconds of training up to the end of the last window, without evaluation, pictures and checkpoints.
    """

    def __init__(self, every_n_steps: PositiveInt) -> None:
        self.every_n_steps = every_n_steps
        self.pending: list[tuple[int, Terms]] = []
        self.values: dict[str, list[float]] = {}
        self.latest: dict[str, float] = {}
        self.closed_at: int | None = 0
        self.images, self.busy = 0, 0.0
        self.window = (0, 0.0)
        self._clock: Callable[[], tuple[int, float]] = lambda: self.window
        self._checkpoints: list[Path] = []

    @property
    def images_per_second(self) -> float:
        """Training throughput over the run so far."""
        return self.images / self.busy if self.busy else 0.0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start timing."""
        self._checkpoints = _checkpoints(trainer)
        self._clock = partial(_images_and_seconds, trainer)
        self.window = self._clock()
        if self.closed_at is None:
            self.closed_at = trainer.global_step

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Store the batch's terms, and log their means at the end of a window."""
        self.pending.append((trainer.global_step, outputs))
        if is_generator_update(outputs) and trainer.global_step % self.every_n_steps == 0:
            self._log_window(trainer)
            self.values, self.closed_at = {}, trainer.global_step

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Log the unfinished window if it has a generator update; a resumed run completes the window.

        A run that was killed between its last checkpoint and this has its window from the checkpoint.
        """
        if self.closed_at is not None and trainer.global_step > self.closed_at:
            self._log_window(trainer)

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Refuse to checkpoint non-finite state."""
        check_finite(trainer, pl_module)

    def state_dict(self) -> dict[str, Any]:
        """Return the last means, the terms of the current window, and images and seconds up to now."""
        self.read()
        images, seconds = self._since_window(self._clock())
        counts = {"images": self.images + images, "busy": self.busy + seconds}
        return {"latest": self.latest, "values": self.values, "closed_at": self.closed_at} | counts

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the current window and the counts."""
        self.values, self.images, self.busy = state_dict["values"], state_dict["images"], state_dict["busy"]
        self.latest = state_dict.get("latest", {})  # absent from earlier checkpoints, as the next
        self.closed_at = state_dict.get("closed_at")

    def read(self) -> None:
        """Move the pending terms from the device to the current window in one transfer.

        Raises:
            UserError: If a term is not finite; the message names the first one and its step.
        """
        names = [(step, name) for step, terms in self.pending for name in terms]
        values = [value.float() for _, terms in self.pending for value in terms.values()]
        numbers = mean_over_ranks(torch.stack(values)).tolist() if values else []
        for (step, name), number in zip(names, numbers, strict=True):
            if not isfinite(number):
                raise UserError(
                    f"train/{name} became {number} by generator update {step}; {_remedy(self._checkpoints)}"
                )
            self.values.setdefault(name, []).append(number)
        self.pending = []

    def _log_window(self, trainer: Trainer) -> None:
        self.read()
        self.latest = {name: fmean(numbers) for name, numbers in self.values.items()}
        now = self._clock()
        images, seconds = self._since_window(now)
        self.images, self.busy, self.window = self.images + images, self.busy + seconds, now
        metrics = {f"train/{name}": mean for name, mean in self.latest.items()}
        shown = {label: self.latest[term] for label, term in SHOWN.items() if term in self.latest}
        speed = {"train/images_per_second": images / seconds} if images else {}  # none in a run that only finishes
        log_metrics(trainer, metrics | speed, shown)

    def _since_window(self, now: tuple[int, float]) -> tuple[int, float]:
        """Return the images and seconds from the start of the current window, or of this process, until now."""
        return now[0] - self.window[0], now[1] - self.window[1]


def _images_and_seconds(trainer: Trainer) -> tuple[int, float]:
    """Return the images seen and the seconds of training, from arbitrary starts."""
    return data_module(trainer).images_seen, perf_counter() - overhead_seconds(trainer)


def check_finite(trainer: Trainer, module: LightningModule) -> None:
    """Check that all terms and weights are finite.

    Raises:
        UserError: If one is not; the message names the first term with its step, or the first parameter.
    """
    for monitor in find_callbacks(trainer, Monitor):
        monitor.read()
    for name, parameter in module.named_parameters():
        if not parameter.isfinite().all():
            step = trainer.global_step
            raise UserError(
                f"weights of {name} became infinite or NaN by generator update {step}; {_remedy(_checkpoints(trainer))}"
            )


def _checkpoints(trainer: Trainer) -> list[Path]:
    """Return the paths of the latest checkpoint, which may not exist."""
    folders = [getattr(callback, "folder", None) for callback in find_callbacks(trainer, Checkpoint)]
    return [Path(folder) / LAST_CHECKPOINT for folder in folders if folder is not None]


def _remedy(checkpoints: list[Path]) -> str:
    """Return what to do about values that are not finite; the checkpoint before them is finite, if there is one."""
    if any(path.is_file() for path in checkpoints):
        return f"the last good checkpoint is kept: resume from it {ADVICE}"
    return f"there is no checkpoint yet: start again {ADVICE}"
