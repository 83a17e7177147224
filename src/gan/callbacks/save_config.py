"""Puts the run's configuration into its checkpoints, so that one file is enough to sample, evaluate or resume."""

from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer

__all__ = ["SaveConfig"]


class SaveConfig(Callback):
    """Adds ``config`` to each checkpoint.

    Args:
        config: Plain values, interpolations included.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        checkpoint["config"] = self.config
