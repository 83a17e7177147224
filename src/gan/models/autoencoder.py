"""Base class of autoencoders, which have a single player and no discriminator."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from gan.augment.base import Augment
from gan.keyed_random import KeyedRandom, Stream
from gan.losses.part import LossPart, tell_parts
from gan.models.sampler import eval_mode
from gan.models.trainable import OptimizerFactory, Trainable
from gan.types import Batch, Terms

__all__ = ["AutoEncoder"]


class AutoEncoder(Trainable):
    """An encoder, and a generator that contains the decoder, updated together; terms are logged as the generator's.

    Args:
        generator: Maps (z, labels) to images in [-1, 1], with shape (B, C, H, W).
        encoder: Maps images to the decoder's input.
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
        encoder: nn.Module,
        optimizer: Mapping[str, OptimizerFactory],
        augment: Augment | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(generator, optimizer, **settings)
        if augment is not None:
            raise ValueError("augmentation changes what a discriminator sees, and there is none: use augment=none")
        self.encoder = encoder.to(memory_format=self.memory_format)

    def players(self) -> dict[str, list[nn.Module]]:
        """Return the networks of the only player."""
        return {"generator": [self.encoder, self.generator]}

    @abstractmethod
    def loss_terms(self, batch: Batch, rng: KeyedRandom) -> tuple[Terms, Terms]:
        """Return the named terms of the loss, and measures to log."""

    @abstractmethod
    def encode_and_decode(self, images: Tensor) -> Tensor:
        """Return the most likely reconstructions, with shape (B, C, H, W)."""

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

    @torch.no_grad()
    def reconstruct(self, images: Tensor) -> Tensor:
        """Encode and decode images in [-1, 1], with shape (B, C, H, W), in evaluation mode.

        The weights are the trained ones, not the generator's moving average: the encoder has no average.
        """
        with eval_mode(self.encoder), eval_mode(self.generator):
            return self.encode_and_decode(images)

    @torch.no_grad()
    def score(self, batch: Batch, rng: KeyedRandom) -> dict[str, float]:
        """Return the loss's terms and measures of any images, in evaluation mode and with the trained weights."""
        with eval_mode(self.encoder), eval_mode(self.generator):
            terms, measures = self.loss_terms(batch, rng)
        return {name: float(value) for name, value in (terms | measures).items()}
