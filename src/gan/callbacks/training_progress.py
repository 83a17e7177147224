"""Progress bar over generator updates."""

import sys
from time import monotonic

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import ProgressBar
from tqdm import tqdm

from gan.bounds import NonNegative
from gan.loggers.notebook import in_notebook

__all__ = ["TrainingProgress"]


class TrainingProgress(ProgressBar):
    """Progress bar with generator updates out of ``trainer.max_steps``, and all that is logged with ``prog_bar=True``.

    The latter are both losses, the latest score, and values that a user's hook logs.

    Args:
        refresh: Seconds between two updates of the bar; ten times that outside terminals and notebooks.
    """

    def __init__(self, refresh: NonNegative = 0.5) -> None:
        super().__init__()
        self.interval = refresh if sys.stderr.isatty() or in_notebook() else 10 * refresh
        self.bar: tqdm | None = None
        self.shown_at = 0.0
        self._disabled = False

    def disable(self) -> None:
        """Hide the bar, as Lightning does on all ranks except 0."""
        self._disabled = True

    def enable(self) -> None:
        """Show the bar."""
        self._disabled = False

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        total = trainer.max_steps if trainer.max_steps > 0 else None
        self.bar = tqdm(
            desc="Training",
            total=total,
            initial=trainer.global_step,
            unit="step",
            mininterval=self.interval,
            dynamic_ncols=True,
            disable=self._disabled,
        )

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: object, batch: object, batch_idx: int
    ) -> None:
        assert self.bar is not None
        if updates := trainer.global_step - self.bar.n:
            if monotonic() - self.shown_at >= self.interval:
                self.bar.set_postfix_str(_shown(trainer), refresh=False)
                self.shown_at = monotonic()
            self.bar.update(updates)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert self.bar is not None
        self.bar.set_postfix_str(_shown(trainer))
        self._close()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self._close()

    def _close(self) -> None:
        if self.bar is not None:
            self.bar.close()


def _shown(trainer: Trainer) -> str:
    values = trainer.progress_bar_metrics
    return " ".join(
        f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value}" for name, value in values.items()
    )
