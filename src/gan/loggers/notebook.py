"""Pictures in the output of a notebook's cell."""

import sys
from typing import Any

from pytorch_lightning.loggers import Logger
from torch import Tensor

from gan.images import encode_png
from gan.loggers.base import PictureLogger

__all__ = ["NotebookLogger", "in_notebook"]


def in_notebook() -> bool:
    """Return whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None


class NotebookLogger(Logger, PictureLogger):
    """Shows the latest picture of each name in the cell that trains."""

    name = version = ""

    def __init__(self) -> None:
        super().__init__()
        self.handles: dict[str, Any] = {}

    def log_picture(self, name: str, picture: Tensor, step: int) -> None:
        from IPython.display import Image, display

        image = Image(encode_png(picture), alt=f"{name} at step {step}")
        if name in self.handles:
            self.handles[name].update(image)
        else:
            self.handles[name] = display(image, display_id=True)

    def log_metrics(self, metrics: Any, step: int | None = None) -> None:
        """Do nothing: the progress bar shows the latest values."""

    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """Do nothing."""
