"""What encodes images and gives them back: one player that is trained without a discriminator."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from gan.augment.base import Augment
from gan.keyed_random import KeyedRandom, Stream
from gan.models.sampler import eval_mode
from gan.models.trainable import OptimizerFactory, Trainable
from gan.types import Batch, Terms

__all__ = ["AutoEncoder"]


class AutoEncoder(Trainable):
    """An encoder, and a generator that decodes, updated together; their terms are logged as the generator's.

    Args:
        generator: Maps (z, labels) to images in [-1, 1], with shape (B, C, H, W); it holds the decoder.
        encoder: Maps images to what the decoder takes.
        optimizer: Functions from parameters to an optimiser, under ``generator``.
        augment: None: there is no discriminator to keep from learning images by heart.
        **settings: As Trainable takes them.

    Raises:
        ValueError: If a number is out of its range, or there is an augmentation.
    """

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
        """Return the networks that the one optimiser updates."""
        return {"generator": [self.encoder, self.generator]}

    @abstractmethod
    def terms(self, batch: Batch, rng: KeyedRandom) -> tuple[Terms, Terms]:
        """Return the named terms that are minimised, and measures."""

    @abstractmethod
    def encode_and_decode(self, images: Tensor) -> Tensor:
        """Return what is likeliest to be left of images, with shape (B, C, H, W)."""

    def training_step(self, batch: Batch, batch_idx: int) -> Terms:
        """Update all networks.

        Returns:
            Every term and measure, detached, as ``g/<name>``; the gradient's norm where it was taken.
        """
        (optimizer,) = self.begin_batch()
        log = self.update("g", optimizer, batch, Stream.GENERATOR, self.terms)
        self.batches_seen += 1
        return log | self.step_generator(optimizer)

    @torch.no_grad()
    def reconstruct(self, images: Tensor) -> Tensor:
        """Encode images in [-1, 1], with shape (B, C, H, W), and decode them by the weights that learned it together.

        The generator's moving average, which has no encoder of its own, takes no part.
        """
        with eval_mode(self.encoder), eval_mode(self.generator):
            return self.encode_and_decode(images)

    @torch.no_grad()
    def score(self, batch: Batch, rng: KeyedRandom) -> dict[str, float]:
        """Return the terms and measures of images that need not be of the training set, by the same weights."""
        with eval_mode(self.encoder), eval_mode(self.generator):
            terms, measures = self.terms(batch, rng)
        return {name: float(value) for name, value in (terms | measures).items()}
