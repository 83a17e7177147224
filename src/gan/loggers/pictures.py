"""Pictures to every logger that takes them."""

from functools import singledispatch

from pytorch_lightning import Trainer
from pytorch_lightning.loggers import Logger, MLFlowLogger, TensorBoardLogger, WandbLogger
from torch import Tensor

from gan.loggers.base import PictureLogger

__all__ = ["log_picture", "send_picture"]


def log_picture(trainer: Trainer, name: str, picture: Tensor) -> None:
    """Log a picture, uint8 with shape (C, H, W), to the trainer's loggers at the current generator update."""
    for logger in trainer.loggers:
        send_picture(logger, name, picture, trainer.global_step)


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
