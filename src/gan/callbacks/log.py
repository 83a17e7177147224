"""Scalars to loggers, progress bar, and callbacks that monitor one."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import torch
from pytorch_lightning import Trainer

__all__ = ["log_metrics"]

NONE: Mapping[str, float] = MappingProxyType({})


def log_metrics(trainer: Trainer, metrics: Mapping[str, float], progress_bar: Mapping[str, float] = NONE) -> None:
    """Log scalars at the current generator update, from any hook.

    Unlike ``self.log``, which has the same effect at the next step that is a multiple of ``trainer.log_every_n_steps``,
    this function logs at once. Call it on all ranks with equal values.

    Args:
        trainer: The trainer.
        metrics: Values for loggers and ``trainer.callback_metrics``.
        progress_bar: Values for the progress bar.
    """
    logged: dict[str, Any] = dict(metrics)
    trainer._logger_connector.log_metrics(logged, trainer.global_step)
    trainer.callback_metrics.update({name: torch.tensor(value) for name, value in metrics.items()})
    trainer.progress_bar_metrics.update(progress_bar)
