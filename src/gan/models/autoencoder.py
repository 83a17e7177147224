"""Base class of autoencoders, which have a single player and no discriminator."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from gan.keyed_random import KeyedRandom
from gan.models.sampler import eval_mode
from gan.models.single_player import SinglePlayer
from gan.models.trainable import OptimizerFactory
from gan.types import Batch

__all__ = ["AutoEncoder"]


class AutoEncoder(SinglePlayer):
    """An encoder, and a generator that contains the decoder, updated together.

    Args:
        generator: Maps (z, labels) to images in [-1, 1], with shape (B, C, H, W).
        encoder: Maps images to the decoder's input.
        optimizer: Functions from parameters to an optimiser, under ``generator``.
        **settings: See SinglePlayer.
    """

    def __init__(
        self, generator: nn.Module, encoder: nn.Module, optimizer: Mapping[str, OptimizerFactory], **settings: Any
    ) -> None:
        super().__init__(generator, optimizer, **settings)
        self.encoder = encoder.to(memory_format=self.memory_format)

    def players(self) -> dict[str, list[nn.Module]]:
        """Return the networks of the only player."""
        return {"generator": [self.encoder, self.generator]}

    @abstractmethod
    def encode_and_decode(self, images: Tensor) -> Tensor:
        """Return the most likely reconstructions, with shape (B, C, H, W)."""

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
