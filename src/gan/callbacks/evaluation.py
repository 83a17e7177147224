"""Scores the generator as it trains."""

import logging
from collections.abc import Iterator
from typing import Any

from pytorch_lightning import LightningModule, Trainer
from torch import Tensor

from gan.callbacks.monitor import check_finite
from gan.callbacks.periodic import Periodic, data_module
from gan.images import to_uint8
from gan.metrics.frechet import FrechetDistance
from gan.models.gan import GAN

__all__ = ["Evaluation"]

log = logging.getLogger(__name__)


class Evaluation(Periodic):
    """Computes a score, lower being better, from the averaged generator's samples, and remembers the best.

    Logged as ``val/<name of the metric>``.

    Args:
        metric: What is computed.
        every_n_steps: Generator updates between two scores.
        seed: What the samples' noise follows from; the same for every score, so that scores differ by weights alone.

    Attributes:
        scores: Every score, by its step.
        baselines: The scores of held-out real images and of noise.
    """

    def __init__(self, metric: FrechetDistance, every_n_steps: int, seed: int = 0) -> None:
        super().__init__(every_n_steps)
        self.metric, self.seed = metric, seed
        self.scores: dict[int, float] = {}
        self.baselines: dict[str, float] = {}
        self._saved_protocol: dict[str, Any] | None = None

    @property
    def best(self) -> tuple[int, float] | None:
        """The step with the lowest score, and the score; None before the first."""
        return min(self.scores.items(), key=lambda item: item[1]) if self.scores else None

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Compute the real images' statistics, and between what scores lie."""
        data = data_module(trainer)
        self.metric.prepare(data, pl_module.device)
        self.baselines = self.metric.baselines(data)
        if self._saved_protocol not in (None, self.metric.protocol):
            log.warning("Scores of the resumed run were measured otherwise and are not compared with those to come")
            self.scores = {}

    def act(self, trainer: Trainer, module: LightningModule) -> None:
        assert isinstance(module, GAN)
        check_finite(trainer, module)
        score = self.metric(self._samples(module))
        self.scores[trainer.global_step] = score
        for logger in trainer.loggers:
            logger.log_metrics({f"val/{self.metric.name}": score}, trainer.global_step)

    def _samples(self, module: GAN) -> Iterator[Tensor]:
        return (to_uint8(images) for images in module.iterate_samples(self.metric.num_samples, self.seed))

    def state_dict(self) -> dict[str, Any]:
        """Return the scores so far, and how they were measured."""
        return {"scores": self.scores, "protocol": self.metric.protocol}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the scores of a run that is resumed."""
        self.scores, self._saved_protocol = state_dict["scores"], state_dict["protocol"]
