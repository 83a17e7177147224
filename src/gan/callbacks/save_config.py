"""Configuration inside each checkpoint, so that one file is enough to sample, evaluate or resume."""

from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer

from gan.checkpoint.reading import FORMAT

__all__ = ["SaveConfig"]


class SaveConfig(Callback):
    """Add ``config`` and the ``format`` number to each checkpoint.

    Args:
        config: The run's configuration as plain values, interpolations included.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        checkpoint["config"], checkpoint["format"] = self.config, FORMAT
