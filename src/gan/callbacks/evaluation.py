"""Evaluation of the generator during training."""

import logging
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer

from gan.bounds import PositiveInt, Seed
from gan.callbacks.log import log_metrics
from gan.callbacks.monitor import Monitor, check_finite
from gan.callbacks.periodic import Periodic, data_module, find_callbacks
from gan.data.module import DataModule
from gan.distributed.group import rank_range
from gan.errors import UserError, did_you_mean
from gan.metrics.evaluator import Evaluator, PreparedEvaluator
from gan.metrics.sampled import SampledImages, SampleSource
from gan.models.sampler import Sampler
from gan.runs.results_file import best_score
from gan.trainer import validation

__all__ = ["Evaluation"]

log = logging.getLogger(__name__)


class Evaluation(Periodic):
    """Score samples of the generator's moving average, and keep all scores.

    They are logged as ``val/<name>``, with the seconds of training so far, without evaluations. An evaluation is a
    validation to other callbacks: their ``on_validation_*`` hooks are called, with the scores in
    ``trainer.callback_metrics`` at its end.

    Args:
        metric: Settings of the evaluation.
        every_n_steps: Generator updates between two evaluations.
        seed: Seed of the samples, the same at every step, so that scores differ only by the weights.

    Attributes:
        evaluator: The evaluator for the run's data, from the start of training.
        scores: All scores by step and name.
        baselines: Main scores of held-out real images and of noise.
        trivial_baselines: All scores of trivial generators, by their names.
    """

    evaluator: PreparedEvaluator

    def __init__(self, metric: Evaluator, every_n_steps: PositiveInt, seed: Seed = 0) -> None:
        super().__init__(every_n_steps)
        self.metric, self.seed = metric, seed
        self.scores: dict[int, dict[str, float]] = {}
        self.baselines: dict[str, float] = {}
        self.trivial_baselines: dict[str, dict[str, float]] = {}
        self._saved_protocol: dict[str, Any] | None = None

    @property
    def best(self) -> tuple[int, float] | None:
        """Step and value of the best main score; the last such step if several have it."""
        name = self.evaluator.name
        return best_score(self.scores, name, self.evaluator.higher_is_better[name]) if self.scores else None

    @property
    def improved_at(self) -> int | None:
        """First step with the best main score; no later score is better."""
        best = self.best
        if best is None:
            return None
        step, score = best
        equal = [step for step, scores in self.scores.items() if scores[self.evaluator.name] == score]
        return min(equal, default=step)  # NaN equals no score, itself included

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Prepare the evaluator, and compute the baselines."""
        assert isinstance(pl_module, Sampler)
        data = data_module(trainer)
        sampled = SampledImages.of(pl_module, data)
        self.metric.check(sampled, f"samples of {type(pl_module).__name__} on {type(data).__name__} have none")
        self.evaluator = self.metric.prepare(data, pl_module.device, sampled.requests)
        self.baselines = self.evaluator.baselines()
        self.trivial_baselines = self.evaluator.trivial_baselines()
        if self._saved_protocol not in (None, self.evaluator.protocol):
            log.warning(
                "The resumed run was evaluated with another protocol; its scores are not comparable and are dropped"
            )
            self.scores = {}

    def act(self, trainer: Trainer, module: LightningModule) -> None:
        assert isinstance(module, Sampler)
        check_finite(trainer, module)
        data = data_module(trainer)
        with validation(trainer):
            self._evaluate(trainer, module, data)

    def _evaluate(self, trainer: Trainer, module: Sampler, data: DataModule) -> None:
        indices = rank_range(self.evaluator.num_samples)
        samples = module.iterate_samples(indices, self.seed, requests=data.requests)
        scores = self.evaluator(map(data.discretize_samples, samples), SampleSource(module, seed=self.seed))
        scores = trainer.strategy.broadcast(scores)  # ranks that decide by scores must decide alike, despite rounding
        self.scores[trainer.global_step] = scores
        logged = {f"val/{name}": score for name, score in scores.items()}
        for monitor in find_callbacks(trainer, Monitor):
            logged["val/training_seconds"] = monitor.busy
        log_metrics(trainer, logged, {self.evaluator.name: scores[self.evaluator.name]})

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Check that the metrics which other callbacks monitor exist.

        Raises:
            UserError: If one does not.
        """
        for callback in find_callbacks(trainer, Callback):
            monitored, strict = getattr(callback, "monitor", None), getattr(callback, "strict", True)
            if isinstance(monitored, str) and strict and monitored not in trainer.callback_metrics:
                known = list(trainer.callback_metrics)
                hint = did_you_mean(monitored, known) or f"; there are {', '.join(known)}"
                raise UserError(f"{type(callback).__name__}: monitor={monitored} is not logged{hint}")

    def state_dict(self) -> dict[str, Any]:
        """Return the scores, and the protocol that they were measured with."""
        return {"scores": self.scores, "protocol": self.evaluator.protocol}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the scores of a resumed run."""
        self.scores, self._saved_protocol = state_dict["scores"], state_dict["protocol"]
