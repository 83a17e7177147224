"""Samples of text, as files and to every logger that takes them."""

from collections.abc import Sequence
from functools import singledispatch
from pathlib import Path

from pytorch_lightning import Trainer
from pytorch_lightning.loggers import Logger, MLFlowLogger, TensorBoardLogger, WandbLogger

from gan.loggers.pictures import warn_once
from gan.runs.writing import WriteError, write_text

__all__ = ["log_lines", "send_lines"]


def log_lines(trainer: Trainer, name: str, lines: Sequence[str], path: Path) -> None:
    """Write lines of text, and log them to the trainer's loggers at the current generator update.

    Training goes on without the file if the system refuses, such as on a full disk.

    Args:
        trainer: Trainer of the run.
        name: Name in the loggers.
        lines: The lines.
        path: Text file.
    """
    try:
        write_text(path, "".join(f"{line}\n" for line in lines))
    except WriteError as error:
        warn_once(path.parent, name, str(error))
    for logger in trainer.loggers:
        send_lines(logger, name, lines, trainer.global_step)


@singledispatch
def send_lines(logger: Logger, name: str, lines: Sequence[str], step: int) -> None:
    """Log lines of text to one logger; loggers of scalars alone ignore them."""


@send_lines.register
def _(logger: TensorBoardLogger, name: str, lines: Sequence[str], step: int) -> None:
    logger.experiment.add_text(name, "\n".join(f"    {line}" for line in lines), step)  # a code block of Markdown


@send_lines.register
def _(logger: WandbLogger, name: str, lines: Sequence[str], step: int) -> None:
    logger.log_text(name, columns=["text"], data=[[line] for line in lines], step=step)


@send_lines.register
def _(logger: MLFlowLogger, name: str, lines: Sequence[str], step: int) -> None:
    logger.experiment.log_text(logger.run_id, "\n".join(lines), f"{name}/{step:06d}.txt")
