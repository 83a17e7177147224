"""Checkpoints: the latest two states and the best one, each written whole."""

from pathlib import Path
from typing import Any

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Checkpoint

from gan.bounds import PositiveInt
from gan.callbacks.evaluation import Evaluation
from gan.callbacks.periodic import Periodic, find_callbacks
from gan.checkpoint.whole import discard_set_aside
from gan.runs.folder import BEST_CHECKPOINT, LAST_CHECKPOINT, PREVIOUS_CHECKPOINT, OutputPath
from gan.runs.writing import WriteError, hard_link, sync, writing

__all__ = ["Checkpoints"]

NEXT_CHECKPOINT = "next.ckpt"  # whole, and about to be last.ckpt


class Checkpoints(Periodic, Checkpoint):
    """Write ``last.ckpt`` regularly, beside the one before it, and ``best.ckpt`` when a score is the best so far.

    Lightning runs Checkpoint callbacks last, so that a checkpoint includes the other callbacks' state of its step.

    Args:
        folder: Folder of the checkpoints.
        every_n_steps: Generator updates between two checkpoints.
    """

    def __init__(self, folder: OutputPath, every_n_steps: PositiveInt) -> None:
        super().__init__(every_n_steps)
        self.folder = Path(folder)
        self._saved_at = -1

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Note that ``last.ckpt`` is the checkpoint that the run resumes from."""
        if (self.folder / LAST_CHECKPOINT).is_file():
            self._saved_at = checkpoint["global_step"]

    def act(self, trainer: Trainer, module: LightningModule) -> None:
        if any(c.best is not None and c.best[0] == trainer.global_step for c in find_callbacks(trainer, Evaluation)):
            self._write(trainer, self.folder / BEST_CHECKPOINT)
        self.save(trainer)

    def save(self, trainer: Trainer) -> None:
        """Write ``last.ckpt``; what it replaces becomes ``previous.ckpt`` if it is of an earlier generator update."""
        latest, last = self.folder / NEXT_CHECKPOINT, self.folder / LAST_CHECKPOINT
        self._write(trainer, latest)
        if trainer.is_global_zero:
            if last.is_file() and self._saved_at != trainer.global_step:
                hard_link(last, self.folder / PREVIOUS_CHECKPOINT)
                discard_set_aside(self.folder / PREVIOUS_CHECKPOINT)
            with writing(last):
                latest.replace(last)
                sync(self.folder)
            discard_set_aside(last)
        self._saved_at = trainer.global_step

    def _write(self, trainer: Trainer, path: Path) -> None:
        if trainer.is_global_zero and not self.folder.is_dir():
            if self._saved_at >= 0:
                raise WriteError(f"cannot write {path} (its folder has been deleted)")
            with writing(path):  # a run's folder that has been deleted is not created again
                self.folder.mkdir(parents=self.folder.parent != Path(trainer.default_root_dir))
        trainer.save_checkpoint(path)  # collective, but only rank 0 writes a file
        if trainer.is_global_zero:
            discard_set_aside(path)
