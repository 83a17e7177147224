"""A progress bar over generator updates, with the latest losses and score."""

import sys

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import ProgressBar
from tqdm import tqdm

from gan.callbacks.evaluation import Evaluation
from gan.callbacks.monitor import Monitor
from gan.callbacks.periodic import find_callbacks

__all__ = ["TrainingProgress"]

TERMS = {"d": "d/adversarial", "g": "g/adversarial", "elbo": "g/elbo"}


class TrainingProgress(ProgressBar):
    """Progress bar with generator updates out of ``trainer.max_steps``, both losses, and the latest score.

    Args:
        refresh: Seconds between two updates of the bar; ten times that if the output is not a terminal.
    """

    def __init__(self, refresh: float = 0.5) -> None:
        super().__init__()
        self.interval = refresh if sys.stderr.isatty() else 10 * refresh
        self.bar: tqdm | None = None
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
            self.bar.set_postfix_str(_losses_and_score(trainer), refresh=False)
            self.bar.update(updates)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert self.bar is not None
        self.bar.set_postfix_str(_losses_and_score(trainer))
        self._close()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self._close()

    def _close(self) -> None:
        if self.bar is not None:
            self.bar.close()


def _losses_and_score(trainer: Trainer) -> str:
    shown = []
    for monitor in find_callbacks(trainer, Monitor):
        latest = monitor.latest
        shown += [f"{label}={latest[term]:.3g}" for label, term in TERMS.items() if term in latest]
    for evaluation in find_callbacks(trainer, Evaluation):
        if evaluation.scores:
            name = evaluation.evaluator.name
            shown.append(f"{name}={list(evaluation.scores.values())[-1][name]:.4g}")
    return " ".join(shown)
