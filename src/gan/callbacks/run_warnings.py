"""Warnings of a run, for its results and its page."""

import logging
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer

__all__ = ["RunWarnings"]

PACKAGE = __name__.partition(".")[0]


class RunWarnings(Callback):
    """Collect what this package warns of while a run trains, each message once, over all parts of a resumed run.

    Attributes:
        messages: The messages, in order.
    """

    def __init__(self) -> None:
        self.messages: list[str] = []
        self._handler = _Handler(self.messages)

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Start to collect."""
        logging.getLogger(PACKAGE).addHandler(self._handler)

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """End."""
        logging.getLogger(PACKAGE).removeHandler(self._handler)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """End."""
        logging.getLogger(PACKAGE).removeHandler(self._handler)

    def state_dict(self) -> dict[str, Any]:
        """Return the messages so far."""
        return {"messages": self.messages}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue after the messages of earlier parts."""
        self.messages[:] = dict.fromkeys([*state_dict["messages"], *self.messages])


class _Handler(logging.Handler):
    """Adds messages to a list, each once."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__(logging.WARNING)
        self.found = messages

    def emit(self, record: logging.LogRecord) -> None:
        if (message := record.getMessage()) not in self.found:
            self.found.append(message)
