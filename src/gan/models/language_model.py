"""Language model: an LSTM trained by maximum likelihood, the rival of GANs of text."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from gan.keyed_random import KeyedRandom
from gan.losses.likelihood import Likelihood
from gan.models.single_player import SinglePlayer
from gan.models.trainable import OptimizerFactory
from gan.nn.token_lstm import TokenLSTM
from gan.types import Batch, Terms

__all__ = ["LanguageModel"]


class LanguageModel(SinglePlayer):
    """Model of sequences that predicts each token from those before it.

    Args:
        generator: The network, which is trained on given tokens, and samples its own.
        objective: Loss of the tokens' log-probabilities.
        optimizer: Functions from parameters to an optimiser, under ``generator``.
        **settings: See SinglePlayer.

    Raises:
        ValueError: If the objective is another loss.
    """

    generator: TokenLSTM

    def __init__(
        self, generator: TokenLSTM, objective: Likelihood, optimizer: Mapping[str, OptimizerFactory], **settings: Any
    ) -> None:
        super().__init__(generator, optimizer, **settings)
        if not isinstance(objective, Likelihood):
            kind = type(objective).__name__
            raise ValueError(
                f"a language model needs its own loss, not {kind}: leave loss=... out, or set loss=likelihood"
            )
        self.objective = objective

    def players(self) -> dict[str, list[nn.Module]]:
        """Return the only player's network."""
        return {"generator": [self.generator]}

    def sample_noise(self, rng: KeyedRandom) -> dict[str, Tensor]:
        """Draw the numbers that tokens are sampled by."""
        return self.generator.draw_noise(rng)

    def loss_terms(self, batch: Batch, rng: KeyedRandom) -> tuple[Terms, Terms]:
        """Return the loss of a batch of one-hot vectors, with shape (B, T, V)."""
        return self.objective(self.generator.log_likelihoods(batch.real.argmax(-1)))
