"""Checkpoints: the latest and the best state, written atomically."""

from pathlib import Path

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Checkpoint

from gan.callbacks.evaluation import Evaluation
from gan.callbacks.periodic import Periodic, find_callbacks
from gan.runs.folder import BEST_CHECKPOINT, LAST_CHECKPOINT, OutputPath, atomic_path

__all__ = ["Checkpoints"]


class Checkpoints(Periodic, Checkpoint):
    """Write ``last.ckpt`` regularly, and ``best.ckpt`` whenever a score is the best so far.

    Lightning runs Checkpoint callbacks last, so that a checkpoint includes the other callbacks' state of its step.

    Args:
        folder: Folder of the checkpoints.
        every_n_steps: Generator updates between two checkpoints.
    """

    def __init__(self, folder: OutputPath, every_n_steps: int) -> None:
        super().__init__(every_n_steps)
        self.folder = Path(folder)

    def act(self, trainer: Trainer, module: LightningModule) -> None:
        if any(c.best is not None and c.best[0] == trainer.global_step for c in find_callbacks(trainer, Evaluation)):
            self._save(trainer, self.folder / BEST_CHECKPOINT)
        self.save(trainer)

    def save(self, trainer: Trainer) -> None:
        """Write ``last.ckpt``."""
        self._save(trainer, self.folder / LAST_CHECKPOINT)

    def _save(self, trainer: Trainer, path: Path) -> None:
        if trainer.is_global_zero:
            with atomic_path(path) as partial:
                trainer.save_checkpoint(partial)
        else:  # collective, but only rank 0 writes a file
            trainer.save_checkpoint(path)
