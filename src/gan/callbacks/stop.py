"""Early stopping by score or by the discriminator's accuracy."""

import logging
from typing import Annotated, Any

from annotated_types import Gt, Le, Lt
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.utilities import rank_zero_only

from gan.bounds import PositiveInt
from gan.callbacks.evaluation import Evaluation
from gan.callbacks.monitor import Monitor
from gan.callbacks.periodic import find_callbacks, is_generator_update
from gan.errors import UserError
from gan.models.trainable import Trainable

__all__ = ["Stop"]

log = logging.getLogger(__name__)

ADVICE = (
    "G learns little from a D that is always right (Arjovsky and Bottou, 2017): try a lower "
    "optimizer.discriminator.lr, loss.adversarial.real_label=0.9, loss.instance_noise=0.1, a loss with a gradient "
    "penalty (loss=wgan_gp or loss=r3gan), or loss=non_saturating in place of minimax"
)


class Stop(Callback):
    """Early stopping at the first criterion that is met; None disables a criterion.

    D's accuracy is the mean of its accuracies on real and fake images over one window of the monitor. With losses whose
    logits are log-odds, where D can win, a saturated D is also warned of, once. This callback must follow the monitor
    and the evaluation in the list of callbacks, to see their values of the same step.

    Args:
        patience: Evaluations without a better score.
        balance: Largest distance of D's accuracy from 1/2, its value at the equilibrium.
        saturation: Accuracy from which D counts as having won.
        stop_on_saturation: Whether a saturated D ends the run, in addition to the warning.
        windows: Number of consecutive windows for which ``balance`` and ``saturation`` must hold.

    Attributes:
        reason: Reason for stopping; None if the run was not stopped.

    Raises:
        ValueError: If ``stop_on_saturation`` lacks its threshold.
    """

    def __init__(
        self,
        patience: PositiveInt | None = None,
        balance: Annotated[float, Gt(0), Lt(0.5)] | None = None,
        saturation: Annotated[float, Gt(0.5), Le(1)] | None = 0.995,
        stop_on_saturation: bool = False,
        windows: PositiveInt = 5,
    ) -> None:
        if stop_on_saturation and saturation is None:
            raise ValueError("stop_on_saturation needs a value of saturation")
        self.patience, self.balance, self.saturation = patience, balance, saturation
        self.stop_on_saturation, self.windows = stop_on_saturation, windows
        self.balanced, self.saturated, self.warned = 0, 0, False
        self.reason: str | None = None

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Check that the callbacks and networks that the criteria need exist.

        Raises:
            UserError: If one is missing.
        """
        if self.patience is not None and not find_callbacks(trainer, Evaluation):
            raise UserError("callbacks.stop.patience needs scores, from callbacks.evaluation")
        uses_accuracy = self.balance is not None or self.stop_on_saturation
        if uses_accuracy and not find_callbacks(trainer, Monitor):
            raise UserError("callbacks.stop needs D's accuracy, from callbacks.monitor")
        if uses_accuracy and isinstance(pl_module, Trainable) and "discriminator" not in pl_module.players():
            raise UserError(
                "callbacks.stop: balance and stop_on_saturation need a discriminator, which this model does not have"
            )

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Check the score or the window that ended with this batch."""
        if not is_generator_update(outputs):
            return
        step = trainer.global_step
        evaluated = [evaluation for evaluation in find_callbacks(trainer, Evaluation) if step in evaluation.scores]
        windows = [monitor.latest for monitor in find_callbacks(trainer, Monitor) if step == monitor.closed_at]
        by_score, by_accuracy = map(self._score_reasons, evaluated), map(self._accuracy_reasons, windows)
        reasons = [reason for part in (*by_score, *by_accuracy) for reason in part]
        if reasons:
            self.reason = f"at step {step}: {reasons[0]}"
            trainer.should_stop = True

    def _score_reasons(self, evaluation: Evaluation) -> list[str]:
        """Return the reason to stop by score, if there is one."""
        best, every = evaluation.improved_at, evaluation.every_n_steps
        assert best is not None
        since = sum(
            step > best and step % every == 0 for step in evaluation.scores
        )  # leaves out the final evaluation between two regular ones
        if self.patience is None or since < self.patience:
            return []
        return [f"no better score than at step {best} in {since} evaluation{'s' if since > 1 else ''}"]

    def _accuracy_reasons(self, means: dict[str, float]) -> list[str]:
        """Count a window, and return the reasons to stop by D's accuracy; none without a discriminator."""
        if not {"d/accuracy_real", "d/accuracy_fake"} <= means.keys():
            return []
        accuracy, reasons = (means["d/accuracy_real"] + means["d/accuracy_fake"]) / 2, []
        over_windows = f"for {self.windows} windows, {accuracy:.3f} in the last"
        self.balanced = self.balanced + 1 if self.balance and abs(accuracy - 0.5) <= self.balance else 0
        self.saturated = self.saturated + 1 if self.saturation and accuracy >= self.saturation else 0
        if self.balanced >= self.windows:
            reasons.append(f"D's accuracy was within {self.balance} of 1/2 {over_windows}")
        if self.saturated >= self.windows:
            saturated = f"D's accuracy was at least {self.saturation} {over_windows}"
            if "d/js" in means and not self.warned:  # only log-odds; a critic that estimates a distance should be right
                rank_zero_only(log.warning)(f"{saturated}; {ADVICE}")
                self.warned = True
            if self.stop_on_saturation:
                reasons.append(saturated)
        return reasons

    def state_dict(self) -> dict[str, Any]:
        """Return the counts of consecutive windows, and whether the warning was given."""
        return {"balanced": self.balanced, "saturated": self.saturated, "warned": self.warned}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the counts."""
        self.balanced, self.saturated = state_dict["balanced"], state_dict["saturated"]
        self.warned = state_dict["warned"]
