"""Configuration inside each checkpoint, so that one file is enough to sample, evaluate or resume."""

from io import BytesIO
from pickle import UnpicklingError
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer

from gan.checkpoint.contents import FORMAT
from gan.errors import UserError

__all__ = ["SaveConfig"]


class SaveConfig(Callback):
    """Add ``config`` and the ``format`` number to each checkpoint, and check before training that it will be readable.

    Args:
        config: The run's configuration as plain values, interpolations included.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write the callbacks' states and what the model adds to a checkpoint, and read them as they will be read.

        Raises:
            UserError: If a state holds anything but tensors and plain values.
        """
        added: dict[str, Any] = {}
        pl_module.on_save_checkpoint(added)
        callbacks: list[Callback] = trainer.callbacks  # type: ignore[attr-defined]  # set by one of Lightning's connectors
        states = {type(callback).__name__: callback.state_dict() for callback in callbacks}
        for name, state in {**states, type(pl_module).__name__: added}.items():
            _check_readable(name, state)

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        checkpoint["config"], checkpoint["format"] = self.config, FORMAT


def _check_readable(name: str, state: dict[str, Any]) -> None:
    file = BytesIO()
    try:
        torch.save(state, file)
        file.seek(0)
        torch.load(file, weights_only=True)
    except UnpicklingError as error:
        raise UserError(
            f"{name}: its state could not be read from a checkpoint, which holds tensors and plain values alone: "
            "return these from state_dict or on_save_checkpoint"
        ) from error
