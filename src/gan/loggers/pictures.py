"""Pictures of a run, as files and to every logger that takes them."""

import logging
from functools import singledispatch
from pathlib import Path

from pytorch_lightning import Trainer
from pytorch_lightning.loggers import Logger, MLFlowLogger, TensorBoardLogger, WandbLogger
from torch import Tensor

from gan.images import save_png
from gan.loggers.base import PictureLogger
from gan.runs.writing import WriteError

__all__ = ["log_picture", "send_picture", "warn_once"]

log = logging.getLogger(__name__)

_warned: set[tuple[Path, str]] = set()  # one warning for the pictures of a folder


def log_picture(trainer: Trainer, name: str, picture: Tensor, path: Path) -> None:
    """Write a picture, and log it to the trainer's loggers at the current generator update.

    Training goes on without the file if the system refuses, such as on a full disk.

    Args:
        trainer: Trainer of the run.
        name: Name in the loggers.
        picture: The picture, uint8 with shape (C, H, W).
        path: PNG file.
    """
    try:
        save_png(picture, path)
    except WriteError as error:
        warn_once(path.parent, name, str(error))
    for logger in trainer.loggers:
        send_picture(logger, name, picture, trainer.global_step)


def warn_once(folder: Path, name: str, message: str) -> None:
    """Warn, once for the files of a folder, that they cannot be written.

    Args:
        folder: The folder.
        name: Name of the files.
        message: Error of the first one.
    """
    if (folder, name) not in _warned:
        log.warning("%s; training goes on, without %s that cannot be written", message, name)
    _warned.add((folder, name))


@singledispatch
def send_picture(logger: Logger | PictureLogger, name: str, picture: Tensor, step: int) -> None:
    """Log a picture to one logger; loggers of scalars alone ignore it."""


@send_picture.register
def _(logger: PictureLogger, name: str, picture: Tensor, step: int) -> None:
    logger.log_picture(name, picture, step)


@send_picture.register
def _(logger: TensorBoardLogger, name: str, picture: Tensor, step: int) -> None:
    logger.experiment.add_image(name, picture, step)


@send_picture.register
def _(logger: WandbLogger, name: str, picture: Tensor, step: int) -> None:
    logger.log_image(name, [picture.float() / 255], step=step)


@send_picture.register
def _(logger: MLFlowLogger, name: str, picture: Tensor, step: int) -> None:
    image = picture.permute(1, 2, 0).cpu().numpy()
    logger.experiment.log_image(logger.run_id, image, key=name, step=step)
