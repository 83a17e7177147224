"""Scores the generator as it trains."""

import logging
from typing import Any

from pytorch_lightning import LightningModule, Trainer

from gan.callbacks.monitor import Monitor, check_finite
from gan.callbacks.periodic import Periodic, data_module, find_callbacks
from gan.distributed.group import rank_range
from gan.errors import UserError
from gan.metrics.evaluator import Evaluator
from gan.models.sampler import Sampler
from gan.types import Batch

__all__ = ["Evaluation"]

log = logging.getLogger(__name__)


class Evaluation(Periodic):
    """Scores the averaged generator's samples, and remembers the best score.

    Logged as ``val/<name of the score>``, with the seconds that training has taken so far, without evaluations.

    Args:
        metric: What is computed.
        every_n_steps: Generator updates between two scores.
        seed: What the samples' noise follows from; the same for every score, so that scores differ by weights alone.

    Attributes:
        scores: Every score by name, by its step.
        baselines: The main score of held-out real images and of noise.
    """

    def __init__(self, metric: Evaluator, every_n_steps: int, seed: int = 0) -> None:
        super().__init__(every_n_steps)
        self.metric, self.seed = metric, seed
        self.scores: dict[int, dict[str, float]] = {}
        self.baselines: dict[str, float] = {}
        self._saved_protocol: dict[str, Any] | None = None

    @property
    def best(self) -> tuple[int, float] | None:
        """The step with the best main score, the last of them where several are, and that score."""
        ranked = self._ranked()
        return max(ranked.items(), key=lambda item: (self._sign * item[1], item[0])) if ranked else None

    @property
    def improved_at(self) -> int | None:
        """The step since which no score was better: the first with the best one."""
        ranked = self._ranked()
        return max(ranked.items(), key=lambda item: (self._sign * item[1], -item[0]))[0] if ranked else None

    @property
    def _sign(self) -> int:
        return 1 if self.metric.higher_is_better[self.metric.name] else -1

    def _ranked(self) -> dict[int, float]:
        return {step: scores[self.metric.name] for step, scores in self.scores.items()}

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Compute the real images' statistics, and between what scores lie."""
        assert isinstance(pl_module, Sampler)
        data = data_module(trainer)
        if self.metric.needs_labels and pl_module.num_classes == 1:
            raise UserError("metric: it needs samples of wanted classes, which this model does not make")
        self.metric.prepare(data, pl_module.device)
        self.baselines = self.metric.baselines(data)
        if self._saved_protocol not in (None, self.metric.protocol):
            log.warning("Scores of the resumed run were measured otherwise and are not compared with those to come")
            self.scores = {}

    def act(self, trainer: Trainer, module: LightningModule) -> None:
        assert isinstance(module, Sampler)
        check_finite(trainer, module)
        data = data_module(trainer)
        samples = module.iterate_samples(rank_range(self.metric.num_samples), self.seed)
        scores = self.metric(Batch(data.discretize(images), labels) for images, labels in samples)
        scores = trainer.strategy.broadcast(scores)  # what ranks decide by them, they decide as one
        self.scores[trainer.global_step] = scores
        named = {f"val/{name}": score for name, score in scores.items()}
        for monitor in find_callbacks(trainer, Monitor):
            named["val/training_seconds"] = monitor.busy
        for logger in trainer.loggers:
            logger.log_metrics(named, trainer.global_step)

    def state_dict(self) -> dict[str, Any]:
        """Return the scores so far, and how they were measured."""
        return {"scores": self.scores, "protocol": self.metric.protocol}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the scores of a run that is resumed."""
        self.scores, self._saved_protocol = state_dict["scores"], state_dict["protocol"]
