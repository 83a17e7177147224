"""Base class of models with a single player and no discriminator."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from torch import nn

from gan.augment.base import Augment
from gan.keyed_random import KeyedRandom, Stream
from gan.losses.part import LossPart, tell_parts
from gan.models.trainable import OptimizerFactory, Trainable
from gan.types import Batch, Terms

__all__ = ["SinglePlayer"]


class SinglePlayer(Trainable):
    """Model that is trained by a loss on real images alone; its terms are logged as the generator's.

    Args:
        generator: Maps (z, labels) to images in [-1, 1], with shape (B, C, H, W).
        optimizer: Functions from parameters to an optimiser, under ``generator``.
        augment: Must be None, since there is no discriminator.
        **settings: See Trainable.

    Attributes:
        objective: The loss, which subclasses set.

    Raises:
        ValueError: If there is an augmentation.
    """

    objective: LossPart

    def __init__(
        self,
        generator: nn.Module,
        optimizer: Mapping[str, OptimizerFactory],
        augment: Augment | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(generator, optimizer, **settings)
        if augment is not None:
            raise ValueError("augmentation changes what a discriminator sees, and there is none: use augment=none")

    @abstractmethod
    def loss_terms(self, batch: Batch, rng: KeyedRandom) -> tuple[Terms, Terms]:
        """Return the named terms of the loss, and measures to log."""

    def training_step(self, batch: Batch, batch_idx: int) -> Terms:
        """Update all networks.

        Returns:
            All terms and measures, detached, as ``g/<name>``, and the gradient's norm if computed.
        """
        (optimizer,) = self.begin_batch()
        log = self.update("generator", optimizer, batch, Stream.GENERATOR, self.loss_terms)
        self.batches_seen += 1
        log |= self.step_generator(optimizer)
        tell_parts(self.objective, "generator", log)
        return log
